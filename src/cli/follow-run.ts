import { setTimeout as delay } from 'node:timers/promises'
import { graphql } from './gql/gql.ts'
import type { FollowRunSubscription } from './gql/graphql.ts'
import { ConnectionLost, type GraphQLClient } from './graphql-client.ts'

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

const maxAttempts = 10
const retryDelayMs = 1_000

/**
 * Follows a run's feed to its end. After a lost connection it resumes behind the last batch that arrived.
 * @throws {ConnectionLost} when the server is unreachable for 10 s
 */
export async function* followRun(client: GraphQLClient, runId: string): AsyncGenerator<RunBatch> {
  let after: string | null = null
  for (let failures = 0; ; ) {
    try {
      for await (const { runFeed } of client.subscribe(FollowRun, { runId, after })) {
        failures = 0
        after = runFeed.cursor
        yield runFeed
        if (runFeed.done) return
      }
      throw new ConnectionLost(`${client.url} ended the feed before the run was over.`)
    } catch (error) {
      if (!(error instanceof ConnectionLost) || ++failures === maxAttempts) throw error
      await delay(retryDelayMs)
    }
  }
}
