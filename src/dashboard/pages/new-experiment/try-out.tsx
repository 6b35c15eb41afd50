/** Calls the endpoint once with an item, to see what a run would record. */
import { Alert, Button, Group, Text } from '@mantine/core'
import { IconBolt } from '@tabler/icons-react'
import { useState } from 'react'
import { useMutation } from 'urql'
import { formatCost, formatDuration } from '../../components/number-format.ts'
import { ValueView } from '../../components/value-view.tsx'
import { problemOf } from '../../data/mutate.ts'
import type { TryTaskMutation } from '../../gql/graphql.ts'
import { fieldOf, problemsOf, taskOf } from './experiment-form.ts'
import { previewTask } from './form-query.ts'
import classes from './new-experiment.module.css'
import type { ExperimentFormApi } from './use-experiment-form.ts'

interface Props {
  form: ExperimentFormApi
  example: { input: unknown; metadata: unknown } | null
}

type Tried = Extract<TryTaskMutation['previewTask'], { latencyMs: number }>

export function TryOut({ form, example }: Props) {
  const [trying, preview] = useMutation(previewTask)
  const [tried, setTried] = useState<Tried | null>(null)

  async function tryOut() {
    setTried(null)
    const { url, headers, body } = problemsOf(form.values)
    form.setErrors({ url, headers, body })
    if (url || headers || body) return
    const result = await preview({
      input: { task: taskOf(form.values), input: example?.input ?? null, metadata: example?.metadata ?? null },
    })
    const problem = problemOf(result)
    if (problem) form.setFieldError(fieldOf(problem.path) ?? 'url', problem.message)
    const outcome = result.data?.previewTask
    if (outcome && 'latencyMs' in outcome) setTried(outcome)
  }

  return (
    <div className={classes.tryOut}>
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          {example === null
            ? 'Without a dataset it is tried with an empty input.'
            : 'It is tried with the first item of the dataset.'}
        </Text>
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
