/** What may change while a run executes; the meaning of its results never does. */
import { Button, NumberInput, Stack } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useMutation } from 'urql'
import { notifyOf } from '../../data/mutate.ts'
import { graphql } from '../../gql/gql.ts'
import type { RunPageRun } from './run-query.ts'

const update = graphql(`
  mutation UpdateRun($input: UpdateRunInput!) {
    updateRun(input: $input) { ... on UpdateRunPayload { run { ...RunSummary } } ... on UserError { message path } }
  }
`)
export default function RunLimits({ run, onDone }: { run: Pick<RunPageRun, 'id' | 'settings'>; onDone: () => void }) {
  const [updating, updateRun] = useMutation(update)
  const [concurrency, setConcurrency] = useState<number | string>(run.settings.concurrency)
  const [budget, setBudget] = useState<number | string>(run.settings.budgetUsd ?? '')

  async function submit(event: FormEvent) {
    event.preventDefault()
    const input = { id: run.id, concurrency: Number(concurrency), budgetUsd: budget === '' ? null : Number(budget) }
    if (notifyOf(await updateRun({ input }))) onDone()
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <NumberInput
          label="Concurrent items"
          value={concurrency}
          onChange={setConcurrency}
          min={1}
          max={1_000}
          data-autofocus
        />
        <NumberInput
          label="Budget in US dollars"
          description="The run stops when its known cost reaches it. Empty: no limit."
          value={budget}
          onChange={setBudget}
          min={0}
        />
        <Button type="submit" loading={updating.fetching}>
          Change
        </Button>
      </Stack>
    </form>
  )
}
