/** The form of a new review queue, from a run or from a comparison. */
import {
  Button,
  Checkbox,
  Group,
  MultiSelect,
  NumberInput,
  Select,
  Skeleton,
  Stack,
  Textarea,
  TextInput,
} from '@mantine/core'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useMutation, useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Page } from '../../components/page.tsx'
import { titleOfRun } from '../../components/run-name.ts'
import { problemOf } from '../../data/mutate.ts'
import type { NewReviewQueueQuery } from '../../gql/graphql.ts'
import { type QueueDraft, type QueueKind, queueInput, queueKinds } from './queue-draft.ts'
import { createQueue, newQueueForm } from './queue-query.ts'

const route = getRouteApi('/review/new')

export function NewQueuePage() {
  const { run, baseline } = route.useSearch()
  const variables = { runId: run ?? '', baselineId: baseline ?? run ?? '' }
  const [result, reread] = useQuery({ query: newQueueForm, variables, pause: run === undefined })
  if (run === undefined) {
    return (
      <EmptyState order={1} title="Of which run?" message="A queue is made from the page of a run, or of a comparison.">
        <LinkButton to="/review" search={{}} variant="default">
          Runs to review
        </LinkButton>
      </EmptyState>
    )
  }
  return (
    <Answer of={result} retry={reread} skeleton={<Skeleton height={320} />}>
      {(data) =>
        data.run ? (
          <QueueForm data={data} run={data.run} baseline={baseline === undefined ? null : (data.baseline ?? null)} />
        ) : (
          <EmptyState order={1} title="There is no such run" message="It was deleted, or belongs to another project." />
        )
      }
    </Answer>
  )
}

interface Props {
  data: NewReviewQueueQuery
  run: NonNullable<NewReviewQueueQuery['run']>
  baseline: { id: string; name: string } | null
}

function QueueForm({ data, run, baseline }: Props) {
  const navigate = useNavigate()
  const [making, make] = useMutation(createQueue)
  const [problem, setProblem] = useState<string | null>(null)
  const configs = data.scoreConfigs?.nodes ?? []
  const judged = [...new Set(run.stats.scores.filter(({ source }) => source === 'EVALUATOR').map(({ name }) => name))]
  const known = [...new Set(run.stats.scores.map(({ name }) => name))]
  const [draft, setDraft] = useState<QueueDraft>({
    ...{ name: `${titleOfRun(run.name)} ${new Date().toISOString().slice(0, 10)}`, description: '' },
    ...{ kind: 'sample', size: 50, balance: null, compared: [], pairwise: false, authorsPerItem: 1, assignees: '' },
    scores: configs.slice(0, 1).map(({ name }) => name),
  })
  const set = (now: Partial<QueueDraft>) => setDraft((before) => ({ ...before, ...now }))
  const kinds = Object.entries(queueKinds).filter(([kind]) => kind !== 'regressions' || baseline !== null)

  async function submit(event: FormEvent) {
    event.preventDefault()
    const result = await make({ input: queueInput(draft, run.id, baseline?.id ?? null) })
    const outcome = result.data?.createReviewQueue
    setProblem(problemOf(result)?.message ?? null)
    if (outcome && 'reviewQueue' in outcome) {
      await navigate({ to: '/review/$queueId', params: { queueId: outcome.reviewQueue.id }, search: {} })
    }
  }

  return (
    <Page
      title="New review queue"
      description={`Outputs of ${titleOfRun(run.name)}${baseline ? `, beside those of ${titleOfRun(baseline.name)}` : ''}, as they are now, for people to score.`}
      trail={
        <Link to="/runs/$runId" params={{ runId: run.id }}>
          {titleOfRun(run.name)}
        </Link>
      }
    >
      <form onSubmit={submit}>
        <Stack maw={560}>
          <TextInput
            label="Name"
            required
            withAsterisk={false}
            value={draft.name}
            onChange={(event) => set({ name: event.currentTarget.value })}
          />
          <Select
            label="Which outputs"
            allowDeselect={false}
            data={kinds.map(([value, label]) => ({ value, label }))}
            value={draft.kind}
            onChange={(kind) => kind && set({ kind: kind as QueueKind, compared: [] })}
          />
          {draft.kind !== 'all' && (
            <NumberInput
              label={draft.kind === 'sample' || draft.kind === 'informative' ? 'How many' : 'At most'}
              min={1}
              max={10_000}
              value={draft.size}
              onChange={(size) => set({ size: Number(size) || 1 })}
            />
          )}
          {draft.kind === 'sample' && (
            <Select
              label="As many of each value of"
              description="What is rare is drawn more often, and its labels count less."
              placeholder="All alike"
              clearable
              data={judged}
              value={draft.balance}
              onChange={(balance) => set({ balance })}
            />
          )}
          {draft.kind === 'regressions' && (
            <Select
              label="Which score got worse"
              required
              withAsterisk={false}
              data={known}
              value={draft.compared[0] ?? null}
              onChange={(score) => set({ compared: score === null ? [] : [score] })}
            />
          )}
          {(draft.kind === 'disagreements' || draft.kind === 'informative') && (
            <MultiSelect
              label="Scores that may disagree"
              description={
                draft.kind === 'informative'
                  ? 'None: all evaluators whose scores have the type of the one that is given.'
                  : 'Several: evaluators with each other. One: people with each other, and with the evaluator.'
              }
              data={draft.kind === 'informative' ? judged : known}
              value={draft.compared}
              onChange={(compared) => set({ compared })}
            />
          )}
          {baseline && (
            <Checkbox
              label="Which of the two outputs is better"
              description="In place of scoring one. Chance decides which is shown first."
              checked={draft.pairwise}
              onChange={(event) => set({ pairwise: event.currentTarget.checked, scores: [] })}
            />
          )}
          {draft.pairwise ? (
            <TextInput
              label="Name of the score"
              description="As the pairwise judge is called, so that both can be compared."
              required
              withAsterisk={false}
              value={draft.scores[0] ?? ''}
              onChange={(event) => set({ scores: [event.currentTarget.value] })}
            />
          ) : (
            <MultiSelect
              label="Scores to give"
              data={configs.map(({ name }) => name)}
              value={draft.scores}
              onChange={(scores) => set({ scores })}
              description={
                configs.length === 0 ? (
                  <Link to="/settings" search={{ part: 'scores' }}>
                    Say first what can be said.
                  </Link>
                ) : undefined
              }
            />
          )}
          <Group grow align="start">
            <NumberInput
              label="People for each output"
              min={1}
              max={10}
              value={draft.authorsPerItem}
              onChange={(count) => set({ authorsPerItem: Number(count) || 1 })}
            />
            <TextInput
              label="Assigned to"
              placeholder="Everybody, or names: ann, ben"
              value={draft.assignees}
              onChange={(event) => set({ assignees: event.currentTarget.value })}
            />
          </Group>
          <Textarea
            label="What reviewers should know"
            autosize
            minRows={2}
            value={draft.description}
            onChange={(event) => set({ description: event.currentTarget.value })}
          />
          {problem !== null && <p role="alert">{problem}</p>}
          <Button type="submit" loading={making.fetching}>
            Make the queue
          </Button>
        </Stack>
      </form>
    </Page>
  )
}
