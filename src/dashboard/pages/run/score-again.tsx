/** Scores the outputs that a finished run has again, by evaluators as they are now; no task is called. */
import { Button, MultiSelect, NumberInput, Stack, Text } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useMutation, useQuery } from 'urql'
import { notifyOf } from '../../data/mutate.ts'
import { graphql } from '../../gql/gql.ts'

const choices = graphql(`
  query EvaluatorsToScoreAgain { evaluators(first: 100) { nodes { id name active } } }
`)
const rescore = graphql(`
  mutation RescoreRuns($input: RescoreRunsInput!) {
    rescoreRuns(input: $input) { ... on RescoreRunsPayload { runs { ...RunSummary } } ... on UserError { message path } }
  }
`)

interface Props {
  runId: string
  onDone: () => void
}

export default function ScoreAgain({ runId, onDone }: Props) {
  const [{ data }] = useQuery({ query: choices })
  const [rescoring, rescoreRuns] = useMutation(rescore)
  const [evaluators, setEvaluators] = useState<string[]>([])
  const [budget, setBudget] = useState<number | string>('')

  async function submit(event: FormEvent) {
    event.preventDefault()
    const input = {
      runIds: [runId],
      evaluatorIds: evaluators.length > 0 ? evaluators : null,
      budgetUsd: typeof budget === 'number' ? budget : null,
    }
    if (notifyOf(await rescoreRuns({ input }))) onDone()
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">
          The newest versions of evaluators score the outputs that are there; no task is called. Their scores count from
          then on, and earlier ones stay to be compared with.
        </Text>
        <MultiSelect
          label="Evaluators"
          placeholder={evaluators.length === 0 ? 'all that are active for this dataset' : undefined}
          searchable
          data={(data?.evaluators?.nodes ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          value={evaluators}
          onChange={setEvaluators}
        />
        <NumberInput
          label="Budget in US dollars"
          description="It ends when it has cost this. Empty: no limit."
          value={budget}
          onChange={setBudget}
          min={0}
        />
        <Button type="submit" loading={rescoring.fetching}>
          Score again
        </Button>
      </Stack>
    </form>
  )
}
