import { hash } from 'node:crypto'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ClaimedItem } from '../../../src/db/sql/run-item/claim-items.ts'
import type { Json } from '../../../src/domain/json/json.ts'
import { findCached } from '../../../src/engine/execution/response-cache.ts'
import type { RunPlan } from '../../../src/engine/execution/run-plan.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { createTestEngine, seedDataset, seedExperiment, type TestEngine } from '../../helpers/engine.ts'

let t: TestEngine

beforeAll(async () => {
  t = await createTestEngine({ tasks: [{ name: 'echo', run: (input) => input }] })
})
afterAll(() => t[Symbol.asyncDispose]())

test('a cache that cannot be read is logged and treated as empty', async () => {
  const { projectId } = t.scope
  const experimentId = await seedExperiment(t, await seedDataset(t, ['known']), { kind: 'module', name: 'echo' })
  const { id: runId } = await startRun(t.services, t.scope, { experimentId })
  const cacheKey = ({ input }: { input: Json }) => hash('sha256', String(input))
  await t.db.pool.query(
    `INSERT INTO cached_response (project_id, key, output, latency_ms) VALUES ($1, decode($2, 'hex'), '"cached"', 1)`,
    [projectId, cacheKey({ input: 'known' })],
  )
  const logged: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) })
  const items = ['known', 'unknown'].map((input, ordinal) => ({ ordinal, input, repetition: 0 }) as ClaimedItem)
  const find = async () =>
    JSON.stringify([
      ...(await findCached({ ...t.services, log }, { runId, projectId, cacheKey } as unknown as RunPlan, items)),
    ])

  expect(await find()).toContain('"output":"cached"')
  expect(logged).toEqual([])
  await t.db.pool.query('ALTER TABLE cached_response RENAME TO away')
  expect(await find()).not.toContain('cached')
  expect(logged).toEqual([expect.stringContaining('could not read the response cache')])
})
