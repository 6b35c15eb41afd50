/** Which processes call non-public endpoints. */
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ProcessOptions, startProcess } from '../../src/cli/assay-process.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'
import { type ModelEndpoint, startModelEndpoint } from '../helpers/model-endpoint.ts'

let database: TestDatabase
let t: TestEngine
let endpoint: ModelEndpoint
beforeAll(async () => {
  database = await createTestDatabase()
  t = await createTestEngine({}, database)
  endpoint = await startModelEndpoint((_model, question) => question)
})
afterAll(async () => {
  await endpoint.close()
  await t[Symbol.asyncDispose]()
})

/** The outcome of an item that calls an endpoint on loopback, executed by a process with these options. */
async function outcome(options: Pick<ProcessOptions, 'http' | 'allowPrivateEndpoints'>): Promise<string | undefined> {
  const assay = await startProcess({
    log: pino({ level: 'silent' }),
    databaseUrl: database.url,
    dataDir: '',
    config: join(import.meta.dirname, '..'),
    slots: 1,
    ...options,
  })
  try {
    const experimentId = await seedExperiment(t, await seedDataset(t, ['question']), {
      kind: 'http',
      url: `${endpoint.url}/model`,
      method: 'POST',
      headers: {},
      body: { question: '{{input}}' },
      outputPath: null,
      costPath: null,
      inputTokensPath: null,
      outputTokensPath: null,
    })
    const { id } = await startRun(t.services, t.scope, { experimentId })
    const [item] = (await followRun(t, id)).items.values()
    return item?.status === 'FAILED' ? (item.error as { code: string; message: string }).message : item?.status
  } finally {
    await assay.stop()
  }
}

test('a server on loopback calls endpoints on loopback', async () => {
  expect(await outcome({ http: { host: '127.0.0.1', port: 0 } })).toBe('SUCCEEDED')
})

test('a worker process calls no private addresses, reports that, and calls them when allowed to', async () => {
  expect(await outcome({ http: null })).toMatch(
    /was not made\. 127\.0\.0\.1: loopback addresses are not called unless .* --allow-private-endpoints/,
  )
  expect(await outcome({ http: null, allowPrivateEndpoints: true })).toBe('SUCCEEDED')
})

test('a server that other machines can reach calls no private addresses', async () => {
  await createApiKey(t.db, t.scope, { name: 'me', role: 'ADMIN' })
  expect(await outcome({ http: { host: '0.0.0.0', port: 0 } })).toMatch(/loopback addresses are not called/)
})
