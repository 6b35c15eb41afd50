import { RefusedError } from './errors.ts'

interface Refusal {
  message: string
  code: string
  path: string[] | null
}

/** The payload of a mutation. @throws {RefusedError} when it answered with an error */
export function payloadOf<Result extends { __typename: string }>(
  result: Result,
): Exclude<Result, { message: string; code: string }> {
  if (!('message' in result && 'code' in result)) return result as Exclude<Result, { message: string; code: string }>
  const { message, code, path } = result as unknown as Refusal
  throw new RefusedError(message, code, path)
}

/** Something that was looked up. @throws {RefusedError} when there is none */
export function found<T>(value: T | null | undefined, what: string): T {
  if (value !== null && value !== undefined) return value
  throw new RefusedError(`There is no ${what} in this project.`, 'NOT_FOUND')
}

/** The nodes of a list, page after page. */
export async function* eachNode<Node>(
  load: (
    after: string | null,
  ) => Promise<
    { nodes: readonly Node[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } } | null | undefined
  >,
): AsyncGenerator<Node> {
  for (let after: string | null = null; ; ) {
    const page = await load(after)
    if (!page) return
    yield* page.nodes
    if (!page.pageInfo.hasNextPage) return
    after = page.pageInfo.endCursor
  }
}
