import { setTimeout as delay } from 'node:timers/promises'
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { graphql } from './gql/gql.ts'
import type { FollowRunSubscription } from './gql/graphql.ts'
import { ConnectionLost, CursorExpired, type GraphQLClient, Unreachable } from './graphql-client.ts'

const FollowRun = graphql(/* GraphQL */ `
  subscription FollowRun($runId: ID!, $after: String) {
    runFeed(runId: $runId, after: $after) {
      cursor
      done
      run {
        ...RunReport
      }
      items {
        id
        status
        input
        expectedOutput
        output
        error { code message }
        datasetItem { id key }
        scores { name value label error { code message } }
      }
    }
  }
`)

/** One message of a run's feed. */
export type RunBatch = FollowRunSubscription['runFeed']

/** An item of a run, in its latest state. */
export type RunItemState = RunBatch['items'][number]

const retryDelayMs = 1_000
/** A server that is replaced, or that recovers from a crash, is back by then. */
const retriedForMs = 120_000

/**
 * Reads something from a server that may be away for a moment.
 * @throws {Unreachable} when it is away for two minutes
 */
export async function patiently<Result>(read: () => Promise<Result>): Promise<Result> {
  const begunAt = performance.now()
  for (;;) {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof Unreachable) || performance.now() - begunAt > retriedForMs) throw error
      await delay(retryDelayMs)
    }
  }
}

/**
 * Follows a run's feed to its end. After a lost connection it resumes behind the last batch that arrived.
 * @param onLost called with each attempt that fails
 * @throws {ConnectionLost} when the server is unreachable for two minutes
 */
export function followRun(
  client: GraphQLClient,
  runId: string,
  onLost: () => void = () => {},
): AsyncGenerator<RunBatch> {
  return followFeed(client, FollowRun, runId, onLost)
}

/** The same, of what a document selects of the feed. */
export async function* followFeed<Batch extends { cursor: string; done: boolean }>(
  client: GraphQLClient,
  document: TypedDocumentNode<{ runFeed: Batch }, { runId: string; after?: string | null }>,
  runId: string,
  onLost: () => void,
): AsyncGenerator<Batch> {
  let after: string | null = null
  for (let lostAt: number | null = null; ; ) {
    try {
      for await (const { runFeed } of client.subscribe(document, { runId, after })) {
        lostAt = null
        after = runFeed.cursor
        yield runFeed
        if (runFeed.done) return
      }
      throw new ConnectionLost(`${client.url} ended the feed before the run was over.`)
    } catch (error) {
      if (error instanceof CursorExpired && after !== null) {
        after = null
        continue
      }
      if (!(error instanceof ConnectionLost)) throw error
      lostAt ??= performance.now()
      if (performance.now() - lostAt > retriedForMs) throw error
      onLost()
      await delay(retryDelayMs)
    }
  }
}
