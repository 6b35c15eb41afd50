/** What the tests of the protocol of clients share: a server, and the requests of docs/client-protocol.md. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import { decodeGlobalId, encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { seedDataset } from '../../helpers/engine.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

export interface Item {
  runItemId: string
  datasetItemId: string
  input: number
  attempt: number
  repetition: number
  startAfterMs: number
}

export interface Lane {
  lease: string | null
  concurrency: number
  status: string
}

const lane = 'lane { lease concurrency status }'
const item = 'runItemId datasetItemId key input expectedOutput metadata tags repetition attempt startAfterMs'

/** A server for all tests of a file, and requests as any program sends them: over GraphQL. */
export class ClientLab {
  #server: TestServer | null = null

  constructor() {
    beforeAll(async () => {
      this.#server = await startTestServer()
    })
    afterAll(() => this.server[Symbol.asyncDispose]())
  }

  get server(): TestServer {
    return this.#server as TestServer
  }

  /** The payload of a mutation; an error is thrown. */
  async call<Payload>(name: string, input: object, fields = lane): Promise<Payload> {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`
    const document = `mutation($input: ${type}Input!) { ${name}(input: $input) {
      ... on ${type}Payload { ${fields} } ... on UserError { message code path } } }`
    const { data, errors } = await this.server.query(document, { input })
    if (errors || data[name].message) throw new Error(JSON.stringify(errors ?? data[name]))
    return data[name]
  }

  claim(runId: string, input: object = {}) {
    return this.call<{ lane: Lane; items: Item[]; queued: number; retryAfterMs: number | null }>(
      'claimRunItems',
      { runId, ...input },
      `${lane} items { ${item} } queued retryAfterMs`,
    )
  }

  record(runId: string, lease: string | null, results: object[]) {
    return this.call<{ lane: Lane; outcomes: string[] }>(
      'recordRunItems',
      { runId, lease, results },
      `${lane} outcomes`,
    )
  }

  async startClientRun(items: number, settings: object = {}, more: object = {}) {
    const inputs = Array.from({ length: items }, (_, n) => n)
    const datasetId = encodeGlobalId('Dataset', await seedDataset(this.server, inputs))
    const { experiment } = await this.call<{ experiment: { id: string } }>(
      'createExperiment',
      {
        name: randomUUID(),
        datasetId,
        task: { client: { name: 'double', version: 'v1' } },
        settings,
        evaluatorIds: [],
        ...more,
      },
      'experiment { id }',
    )
    const { run } = await this.call<{ run: { id: string } }>('startRun', { experimentId: experiment.id }, 'run { id }')
    return { runId: run.id, experimentId: experiment.id, rawId: decodeGlobalId(run.id).id }
  }

  async progress(id: string) {
    const { data } = await this.server.query(
      `query($id: ID!) { run(id: $id) { status stopReason progress { queued running succeeded failed cancelled }
        stats { costUsd inputTokens scores { name count errorCount mean dataType } }
        evaluators { version definition { ... on ClientEvaluator { name version } } } } }`,
      { id },
    )
    return data.run
  }

  /** As after `leaseMs` without a word from the client. */
  async expire(lease: string | null): Promise<void> {
    await this.server.db.pool.query("UPDATE run_lane SET expires_at = now() - interval '1 s' WHERE lease = $1", [lease])
  }
}

export function done({ runItemId, attempt, input }: Item, more: object = {}) {
  return { runItemId, attempt, output: input * 2, latencyMs: 5, ...more }
}
