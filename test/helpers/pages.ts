import { expect } from 'vitest'
import type { TestServer } from './server.ts'

/** The part of an answer that is a connection. */
interface Connection {
  edges: { node: { id: string } }[]
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }
}

/**
 * The ids of a whole list in its order, read page by page from its start or from its end.
 * @param document takes `first`, `last`, `after` and `before`, and selects the ids and the whole page info
 */
export async function walk(
  t: TestServer,
  document: string,
  variables: object,
  // biome-ignore lint/suspicious/noExplicitAny: any answer
  connectionIn: (data: any) => Connection,
  { by, backward = false }: { by: number; backward?: boolean },
): Promise<string[]> {
  const ids: string[] = []
  for (let cursor: string | null = null; ; ) {
    const page = backward ? { last: by, before: cursor } : { first: by, after: cursor }
    const { data, errors } = await t.query(document, { ...variables, ...page })
    expect(errors).toBeUndefined()
    const { edges, pageInfo } = connectionIn(data)
    const found = edges.map(({ node }) => node.id)
    if (backward) ids.unshift(...found)
    else ids.push(...found)
    cursor = backward ? pageInfo.startCursor : pageInfo.endCursor
    if (!(backward ? pageInfo.hasPreviousPage : pageInfo.hasNextPage)) return ids
  }
}
