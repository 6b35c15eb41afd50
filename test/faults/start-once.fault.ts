/** Many clients start the same run at the same moment, on two servers. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { createTestEngine, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'
import { figure } from '../helpers/fault-lab.ts'
import { ask, spawnServer } from '../helpers/spawn-assay.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

const start = `mutation ($input: StartRunInput!) {
  startRun(input: $input) { __typename ... on StartRunPayload { run { id } } }
}`

test('50 parallel startRun with one idempotency key on two servers start one run', async () => {
  const env = { DATABASE_URL: t.db.url }
  const servers = await Promise.all([1, 2].map(() => spawnServer(['--no-worker'], { env })))
  const datasetId = await seedDataset(
    t,
    Array.from({ length: 500 }, (_, n) => n),
  )
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'none' }, { concurrency: 1_000 })
  const input = { experimentId: encodeGlobalId('Experiment', experimentId), idempotencyKey: 'deploy 42' }

  const startedAt = performance.now()
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      ask<{ startRun: { run: { id: string } } }>(servers[n % 2]?.url ?? '', start, { input }),
    ),
  )
  const ms = performance.now() - startedAt
  const ids = new Set(answers.map((answer) => answer.startRun.run.id))
  const runs = await t.db.prisma.run.count()
  const items = await t.db.prisma.runItem.count()
  figure(
    `50 calls answered in ${ms.toFixed(0)} ms with ${ids.size} run id; ${runs} run and ${items} items in the tables`,
  )
  expect(ids.size).toBe(1)
  expect(runs).toBe(1)
  expect(items).toBe(500)
})
