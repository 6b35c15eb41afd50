/** Which evaluators score the outputs. */
import { Checkbox, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { DatasetOfFormQuery } from '../../gql/graphql.ts'
import classes from './new-experiment.module.css'
import type { ExperimentFormApi } from './use-experiment-form.ts'

interface Props {
  form: ExperimentFormApi
  evaluators: NonNullable<DatasetOfFormQuery['evaluators']>['nodes']
}

export function EvaluatorChoice({ form, evaluators }: Props) {
  if (form.values.datasetId === null) {
    return (
      <Text c="dimmed" size="sm">
        Choose a dataset first.
      </Text>
    )
  }
  if (evaluators.length === 0) {
    return (
      <Text c="dimmed" size="sm">
        There is no evaluator for this dataset yet; <Link to="/evaluators">create one</Link>, or let the run record
        outputs, latency and cost, and people score them.
      </Text>
    )
  }
  return (
    <Checkbox.Group {...form.getInputProps('evaluatorIds')}>
      <div className={classes.evaluators}>
        {evaluators.map(({ id, name, description }) => (
          <Checkbox key={id} value={id} label={name} description={description} />
        ))}
      </div>
    </Checkbox.Group>
  )
}
