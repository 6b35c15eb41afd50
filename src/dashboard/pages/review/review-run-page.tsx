/** People's scores for the items of a run, one after the other, by keyboard: what went in, what came out, one key, the next. */

import { Anchor, Button, Select, Skeleton } from '@mantine/core'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { ItemSkeleton } from '../../components/item-frame.tsx'
import { defaultLabel } from '../../components/labels/use-labels.ts'
import { LinkButton } from '../../components/link-button.tsx'
import { plural } from '../../components/number-format.ts'
import { Page } from '../../components/page.tsx'
import { titleOfRun } from '../../components/run-name.ts'
import { usePageQuery } from '../../data/page-query.ts'
import type { ReviewRunQuery } from '../../gql/graphql.ts'
import { type Shortcut, useShortcuts } from '../../keyboard/shortcuts.ts'
import { ReviewProgress } from './review-progress.tsx'
import { labelledCount, type ReviewedItem, type ReviewedRun, reviewedItem, reviewRun } from './review-query.ts'
import type { ReviewSearch } from './review-search.ts'
import { ReviewedOutput } from './reviewed-output.tsx'
import { useQueue } from './use-queue.ts'

const route = getRouteApi('/runs/$runId/review')

export function ReviewRunPage() {
  const { runId } = route.useParams()
  usePageQuery(reviewRun, { id: runId })
  const [result, reread] = useQuery({ query: reviewRun, variables: { id: runId } })
  return (
    <Answer of={result} retry={reread} skeleton={<ReviewSkeleton />}>
      {(data) =>
        data.run ? (
          <Review run={data.run} data={data} reread={() => reread({ requestPolicy: 'network-only' })} />
        ) : (
          <EmptyState order={1} title="There is no such run" message="It was deleted, or belongs to another project." />
        )
      }
    </Answer>
  )
}

const keys: readonly Shortcut[] = [
  { key: 'j', label: 'Next item, without a label' },
  { key: 's', label: 'Next item', alias: true },
  { key: 'k', label: 'The item before' },
]

interface Props {
  run: ReviewedRun
  data: ReviewRunQuery
  reread: () => void
}

function Review({ run, data, reread }: Props) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const change = useCallback(
    (now: Partial<ReviewSearch>, replace = true) =>
      void navigate({ search: (before) => ({ ...before, ...now }), replace }),
    [navigate],
  )
  const names = [...new Set([...(data.scoreConfigs?.nodes ?? []).map(({ name }) => name), ...namesByPeople(run)])]
  const score = search.score ?? names[0] ?? defaultLabel
  return (
    <Page
      title={`Review: ${titleOfRun(run.name)}`}
      trail={
        <>
          <Link to="/review" search={{}}>
            Review
          </Link>
          <span aria-hidden>/</span>
          <Link to="/runs/$runId" params={{ runId: run.id }}>
            {titleOfRun(run.name)}
          </Link>
        </>
      }
      actions={
        <Select
          aria-label="The score that is given"
          w={220}
          searchable
          allowDeselect={false}
          data={[...new Set([score, ...names, defaultLabel])]}
          value={score}
          onChange={(name) => name && change({ score: name, item: undefined }, false)}
        />
      }
    >
      <HowFar run={run} score={score} />
      <Pass
        key={score}
        run={run}
        score={score}
        author={data.viewer.person.name}
        search={search}
        onSearch={change}
        onLabelled={reread}
      />
    </Page>
  )
}

function HowFar({ run, score }: { run: ReviewedRun; score: string }) {
  const labelled = labelledCount(run, score)
  const total = run.progress.succeeded
  return (
    <ReviewProgress done={labelled} total={total} of="output" as="labelled">
      They come in the order of execution, which is drawn by chance: the first so many stand for all.
    </ReviewProgress>
  )
}

interface PassProps {
  run: ReviewedRun
  score: string
  author: string
  search: ReviewSearch
  onSearch: (now: Partial<ReviewSearch>) => void
  onLabelled: () => void
}

function Pass({ run, score, author, search: { item, open }, onSearch, onLabelled }: PassProps) {
  const [place, setPlace] = useState(0)
  const { ids, isWhole, problem, retry, again } = useQueue({ runId: run.id, score, first: item, place })
  const go = (to: number) => {
    const index = Math.max(0, Math.min(ids.length, to))
    setPlace(index)
    onSearch({ item: ids[index] })
  }
  const step = (by: number) => go(place + by)
  useShortcuts(keys, (key) => step(key === 'k' ? -1 : 1))
  const id = ids[place]
  if (id !== undefined) {
    return (
      <Shown
        key={id}
        id={id}
        run={run}
        score={score}
        author={author}
        open={open ?? false}
        onOpen={(shown) => onSearch({ open: shown ? true : undefined })}
        onStep={step}
        onLabelled={onLabelled}
      />
    )
  }
  if (problem !== null) {
    return (
      <ErrorState title="The items could not be read" message={problem}>
        <Button variant="default" onClick={retry}>
          Try again
        </Button>
      </ErrorState>
    )
  }
  if (!isWhole) return <ItemSkeleton />
  const left = Math.max(0, run.progress.succeeded - labelledCount(run, score))
  return (
    <Done
      run={run}
      score={score}
      left={left}
      again={() => {
        setPlace(0)
        again()
      }}
    />
  )
}

interface DoneProps {
  run: ReviewedRun
  score: string
  left: number
  again: () => void
}

function Done({ run, score, left, again }: DoneProps) {
  if (run.progress.succeeded === 0) {
    return <EmptyState title="Nothing to review yet" message="No item of this run has an output." />
  }
  return (
    <EmptyState
      title={left > 0 ? 'That was the last one' : 'Every output is labelled'}
      message={
        left > 0
          ? `${plural(left, 'output')} ${left === 1 ? 'was' : 'were'} left without ${score}.`
          : `${score} is given to every output of this run. What evaluators said of them stands beside it.`
      }
    >
      {left > 0 && (
        <Button variant="default" onClick={again}>
          Go through these
        </Button>
      )}
      <LinkButton to="/runs/$runId" params={{ runId: run.id }} search={{}} variant={left > 0 ? 'subtle' : 'default'}>
        Show the run
      </LinkButton>
    </EmptyState>
  )
}

interface ShownProps {
  id: string
  run: ReviewedRun
  score: string
  author: string
  open: boolean
  onOpen: (open: boolean) => void
  onStep: (by: number) => void
  onLabelled: () => void
}

function Shown({ id, ...props }: ShownProps) {
  const [result, reread] = useQuery({ query: reviewedItem, variables: { id } })
  return (
    <Answer of={result} retry={reread} skeleton={<ItemSkeleton />}>
      {({ node }) =>
        node && 'position' in node && node.id === id ? (
          <ReviewedOutput
            item={node as ReviewedItem}
            {...props}
            onChanged={() => reread({ requestPolicy: 'network-only' })}
          />
        ) : (
          <EmptyState
            title="This item does not exist any more"
            message={<Anchor onClick={() => props.onStep(1)}>Go to the next one</Anchor>}
          />
        )
      }
    </Answer>
  )
}

function namesByPeople({ stats }: ReviewedRun): string[] {
  return stats.scores.filter(({ source }) => source === 'HUMAN').map(({ name }) => name)
}

function ReviewSkeleton() {
  return (
    <Page title="Review">
      <Skeleton height={20} />
      <ItemSkeleton />
    </Page>
  )
}
