/** Follows the rows that are in view: a feed with a window of their ids, which moves when somebody has scrolled. */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { useEffect, useEffectEvent } from 'react'
import { stringifyDocument } from 'urql'
import { useConnections } from './connections-provider.tsx'
import { subscribeResuming } from './resume.ts'

/** How long the view must stay before the window follows, in milliseconds. */
const settleMs = 120

/**
 * @param variables without `window`; null: do not follow
 * @param ids in view, at most 500
 * @param onData a batch of the feed
 */
export function useRowFeed<Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Omit<Variables, 'window' | 'after'> | null,
  ids: readonly string[],
  onData: (data: Data) => void,
): void {
  const { socket } = useConnections()
  const receive = useEffectEvent(onData)
  const key = variables === null || ids.length === 0 ? null : JSON.stringify([variables, ids])
  useEffect(() => {
    if (key === null) return
    const [given, items] = JSON.parse(key) as [Record<string, unknown>, string[]]
    let stop: (() => void) | undefined
    const timer = setTimeout(() => {
      stop = subscribeResuming<Data>(
        socket,
        { query: stringifyDocument(document), variables: { ...given, window: { items } } },
        {
          next: ({ data }) => data && receive(data),
          // The page's own feed tells what is wrong with the run or the connection.
          error: () => {},
          complete: () => {},
        },
      )
    }, settleMs)
    return () => {
      clearTimeout(timer)
      stop?.()
    }
  }, [socket, document, key])
}
