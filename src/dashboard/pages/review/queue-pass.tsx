/** Goes through a queue: items come as they are claimed, and one can go back to those that one has had. */
import { Button } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react'
import { useMutation } from 'urql'
import { EmptyState } from '../../components/empty-state.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { ItemSkeleton } from '../../components/item-frame.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { plural } from '../../components/number-format.ts'
import { notifyOf, problemOf } from '../../data/mutate.ts'
import type { RunSummaryFragment } from '../../gql/graphql.ts'
import { QueueItem, type Said, saidBefore } from './queue-item.tsx'
import { claimItems, type QueuedItem, type QueueSummary, recordReview, skipItem } from './queue-query.ts'

const route = getRouteApi('/review/$queueId')

/** So that who works quickly does not wait for the next one. */
const held = 3

interface Props {
  queue: QueueSummary
  scores: RunSummaryFragment['stats']['scores']
  author: string
  /** There was nothing left for the reviewer. */
  onEnd: () => void
}

interface Pass {
  /** Those that were shown, and those that are held. */
  items: readonly QueuedItem[]
  /** Of the item that is shown; behind the last one when nothing is left. */
  place: number
  isOver: boolean
  problem: string | null
}

const beginning: Pass = { items: [], place: 0, isOver: false, problem: null }

export function QueuePass({ queue, scores, author, onEnd }: Props) {
  const { open, skipped } = route.useSearch()
  const navigate = route.useNavigate()
  const [pass, setPass] = useState<Pass>(beginning)
  const [, claim] = useMutation(claimItems)
  const [, record] = useMutation(recordReview)
  const [, skip] = useMutation(skipItem)
  const claiming = useRef(false)
  const saving = useRef(false)
  /** Those that the reviewer is done with, before the server says so. */
  const left = useRef(new Set<string>())
  const { items, place, isOver, problem } = pass

  const read = useCallback(async () => {
    if (claiming.current) return
    claiming.current = true
    const result = await claim({ input: { queueId: queue.id, count: held, skipped: skipped ?? false } })
    claiming.current = false
    const failure = problemOf(result)
    if (failure) return setPass((before) => ({ ...before, problem: failure.message }))
    const outcome = result.data?.claimReviewItems
    const claimed = outcome && 'reviewItems' in outcome ? (outcome.reviewItems as QueuedItem[]) : []
    setPass((before) => {
      const known = new Set([...before.items.map(({ id }) => id), ...left.current])
      const added = claimed.filter(({ id }) => !known.has(id))
      return { ...before, items: [...before.items, ...added], isOver: added.length === 0, problem: null }
    })
  }, [claim, queue.id, skipped])

  useEffect(() => {
    if (!isOver && problem === null && place >= items.length - 1) void read()
  }, [read, isOver, problem, place, items.length])

  const item = items[place]
  const atEnd = item === undefined && isOver
  const tellEnd = useEffectEvent(onEnd)
  useEffect(() => {
    if (atEnd) tellEnd()
  }, [atEnd])

  /** What is in the address begins anew with it. */
  function again(skippedOnes: boolean) {
    left.current.clear()
    if (skippedOnes === (skipped ?? false)) return setPass(beginning)
    void navigate({ search: (before) => ({ ...before, skipped: skippedOnes ? true : undefined }), replace: true })
  }

  if (problem !== null) {
    return (
      <ErrorState title="The items could not be read" message={problem}>
        <Button variant="default" onClick={() => setPass((before) => ({ ...before, problem: null }))}>
          Try again
        </Button>
      </ErrorState>
    )
  }
  if (item === undefined) return isOver ? <Over queue={queue} author={author} again={again} /> : <ItemSkeleton />

  const go = (to: number) =>
    setPass((before) => ({ ...before, place: to, isOver: before.isOver && to < before.items.length }))

  async function done(shown: QueuedItem, said: Said, why: string | null) {
    // A key that is pressed twice is one answer.
    if (saving.current) return
    saving.current = true
    const given = Object.entries(said).map(([name, { value, label }]) => ({ name, value, label, comment: why }))
    const result = await record({ input: { id: shown.id, scores: given } })
    saving.current = false
    if (!notifyOf(result)) return
    left.current.add(shown.id)
    const outcome = result.data?.recordReview
    const changed = outcome && 'reviewItem' in outcome ? (outcome.reviewItem as QueuedItem) : shown
    setPass((before) => ({
      ...before,
      items: before.items.map((one) => (one.id === shown.id ? changed : one)),
      place: before.place + 1,
    }))
  }

  return (
    <QueueItem
      key={item.id}
      item={item}
      queue={queue}
      scores={scores}
      author={author}
      before={saidBefore(item, queue, author)}
      open={open ?? false}
      onOpen={(shown) =>
        void navigate({ search: (before) => ({ ...before, open: shown ? true : undefined }), replace: true })
      }
      onDone={(said, why) => void done(item, said, why)}
      onSkip={async () => {
        // What one has scored, and has only gone back to, is left as it is.
        if (saidBefore(item, queue, author) === null) {
          left.current.add(item.id)
          if (!notifyOf(await skip({ input: { id: item.id } }))) return
        }
        go(place + 1)
      }}
      onBack={place > 0 ? () => go(place - 1) : null}
    />
  )
}

interface OverProps {
  queue: QueueSummary
  author: string
  again: (skipped: boolean) => void
}

function Over({ queue, author, again }: OverProps) {
  const { total, done, byPerson } = queue.progress
  const skipped = byPerson.find(({ person }) => person.name === author)?.skipped ?? 0
  const rest = total - done
  return (
    <EmptyState
      title={rest === 0 ? 'Every item is done' : 'Nothing is left for you'}
      message={
        rest === 0
          ? 'What people said stands beside what evaluators said.'
          : `${plural(rest, 'item')} ${rest === 1 ? 'is' : 'are'} before others, or skipped.`
      }
    >
      {skipped > 0 && rest > 0 && (
        <Button variant="default" onClick={() => again(true)}>
          Go through what you skipped
        </Button>
      )}
      <Button variant="subtle" onClick={() => again(false)}>
        Look again
      </Button>
      <LinkButton to="/runs/$runId" params={{ runId: queue.run.id }} search={{}} variant="default">
        Show the run
      </LinkButton>
    </EmptyState>
  )
}
