/** The query of the page that is shown, so that GraphiQL can be opened with it. */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { useEffect, useSyncExternalStore } from 'react'
import { stringifyDocument } from 'urql'

const empty = '/graphql'

let address = empty
const listeners = new Set<() => void>()

/** Called by a page with its own query. */
export function usePageQuery<Variables extends object>(
  document: TypedDocumentNode<unknown, Variables>,
  variables: Variables,
): void {
  const key = JSON.stringify(variables)
  useEffect(() => {
    const search = new URLSearchParams({ query: stringifyDocument(document).trim() })
    if (key !== '{}') search.set('variables', JSON.stringify(JSON.parse(key), null, 2))
    show(`${empty}?${search}`)
    return () => show(empty)
  }, [document, key])
}

/** Of GraphiQL, with the query of the page if it has one. */
export function useGraphiqlAddress(): string {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => address,
  )
}

function show(now: string): void {
  address = now
  for (const listener of listeners) listener()
}
