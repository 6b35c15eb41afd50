/** The items that are gone through: those that had no label when they were read, in the order of execution. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { useClient } from 'urql'
import { messageOf } from '../../components/answer.tsx'
import { reviewedItem, unlabelled } from './review-query.ts'

/** How many items before the end more are read. */
const lookahead = 5

interface Queue {
  ids: readonly string[]
  /** Whether there are no more than these. */
  isWhole: boolean
  problem: string | null
}

const nothing: Queue = { ids: [], isWhole: false, problem: null }

interface Options {
  runId: string
  score: string
  /** Id of the item that comes first, such as that of a link, whether or not it has a label. */
  first: string | undefined
  /** Of the item that is shown. */
  place: number
}

export function useQueue({ runId, score, first, place }: Options): Queue & { retry: () => void; again: () => void } {
  const client = useClient()
  const [queue, setQueue] = useState<Queue>(() => ({ ...nothing, ids: first === undefined ? [] : [first] }))
  const reading = useRef(false)
  const after = useRef<string | null>(null)

  const read = useCallback(async () => {
    if (reading.current) return
    reading.current = true
    const variables = { id: runId, score, after: after.current }
    const { data, error } = await client.query(unlabelled, variables, { requestPolicy: 'network-only' }).toPromise()
    reading.current = false
    const items = data?.run?.items
    if (!items) {
      const problem = error ? messageOf(error) : 'The run does not exist any more.'
      return setQueue((before) => ({ ...before, problem }))
    }
    after.current = items.pageInfo.endCursor
    setQueue(({ ids }) => ({
      ids: [...new Set([...ids, ...items.nodes.map(({ id }) => id)])],
      isWhole: !items.pageInfo.hasNextPage,
      problem: null,
    }))
  }, [client, runId, score])

  const { ids, isWhole, problem } = queue
  useEffect(() => {
    if (!isWhole && problem === null && place + lookahead >= ids.length) void read()
  }, [read, isWhole, problem, place, ids.length])

  // Who labels quickly does not wait for the next one.
  const next = ids[place + 1]
  useEffect(() => {
    if (next !== undefined) void client.query(reviewedItem, { id: next }, { requestPolicy: 'cache-first' }).toPromise()
  }, [client, next])
  return {
    ...queue,
    retry: () => void read(),
    again() {
      after.current = null
      setQueue(nothing)
    },
  }
}
