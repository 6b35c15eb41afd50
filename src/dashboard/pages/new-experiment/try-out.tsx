/** Calls the endpoint or the function once with an item, to see what a run would record. */
import { Alert, Button, Group, Text } from '@mantine/core'
import { IconBolt } from '@tabler/icons-react'
import { useState } from 'react'
import { useMutation } from 'urql'
import { formatCost, formatDuration } from '../../components/number-format.ts'
import { ValueView } from '../../components/value-view.tsx'
import { problemOf } from '../../data/mutate.ts'
import type { TryTaskMutation } from '../../gql/graphql.ts'
import { ItemStepper } from '../prompts/preview/item-stepper.tsx'
import type { ItemToTry } from '../prompts/preview/use-item-to-try.ts'
import { taskProblems } from './experiment-form.ts'
import { fieldOf, taskOf } from './experiment-input.ts'
import { previewTask } from './form-query.ts'
import classes from './new-experiment.module.css'
import type { ExperimentFormApi } from './use-experiment-form.ts'

type Tried = Extract<TryTaskMutation['previewTask'], { latencyMs: number }>

export function TryOut({ form, tried: { item, ...place } }: { form: ExperimentFormApi; tried: ItemToTry }) {
  const [trying, preview] = useMutation(previewTask)
  const [tried, setTried] = useState<Tried | null>(null)

  async function tryOut() {
    setTried(null)
    const problems = taskProblems(form.values)
    form.setErrors(problems)
    if (Object.keys(problems).length > 0) return
    const result = await preview({
      input: { task: taskOf(form.values), input: item?.input ?? null, metadata: item?.metadata ?? null },
    })
    const problem = problemOf(result)
    if (problem) form.setFieldError(fieldOf(problem.path, form.values) ?? 'url', problem.message)
    const outcome = result.data?.previewTask
    if (outcome && 'latencyMs' in outcome) setTried(outcome)
  }

  return (
    <div className={classes.tryOut}>
      <Group justify="space-between">
        {item === null ? (
          <Text size="sm" c="dimmed">
            Without a dataset it is tried with an empty input.
          </Text>
        ) : (
          <ItemStepper of={{ item, ...place }} />
        )}
        <Button
          variant="default"
          size="xs"
          leftSection={<IconBolt size={15} aria-hidden />}
          loading={trying.fetching}
          onClick={tryOut}
        >
          Try it
        </Button>
      </Group>
      <div role="status">
        {tried?.error && (
          <Alert color="red" title={tried.error.code.toLowerCase().replaceAll('_', ' ')} mt="xs">
            {tried.error.message}
          </Alert>
        )}
        {tried && !tried.error && (
          <div className={classes.tried}>
            <Text size="xs" c="dimmed">
              The output, after {formatDuration(tried.latencyMs)}
              {tried.costUsd !== null && `, for ${formatCost(tried.costUsd)}`}
            </Text>
            <ValueView value={tried.output} />
          </div>
        )}
      </div>
    </div>
  )
}
