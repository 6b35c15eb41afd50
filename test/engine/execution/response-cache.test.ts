import { hash, randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ClaimedItem } from '../../../src/db/sql/run-item/claim-items.ts'
import type { Json } from '../../../src/domain/json/json.ts'
import { clearResponseCache } from '../../../src/engine/clear-response-cache.ts'
import { findCached } from '../../../src/engine/execution/response-cache.ts'
import { ResponseCachePruning } from '../../../src/engine/execution/response-cache-pruning.ts'
import type { RunPlan } from '../../../src/engine/execution/run-plan.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../../helpers/engine.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'

let t: TestEngine

beforeAll(async () => {
  t = await createTestEngine({ tasks: ['echo', 'twin'].map((name) => ({ name, run: (input) => input })) })
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

/** Runs `echo` with the cache on these inputs; how many outputs came from the cache. */
async function cachedOf(experimentId: string): Promise<number> {
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const { items, run } = await followRun(t, id)
  expect(run.status).toBe('COMPLETED')
  return [...items.values()].filter(({ cached }) => cached).length
}

test('the cache is cleared for a task, or for the project, and no further', async () => {
  await t.db.pool.query('ALTER TABLE away RENAME TO cached_response')
  await t.startWorker()
  const inputs = [1, 2, 3]
  const datasetId = await seedDataset(t, inputs)
  const experiment = (name: string) => seedExperiment(t, datasetId, { kind: 'module', name }, { cache: true })
  const [first, same, other] = [await experiment('echo'), await experiment('echo'), await experiment('twin')]
  for (const id of [first, other]) expect(await cachedOf(id)).toBe(0)
  expect(await cachedOf(same)).toBe(3)
  expect(await clearResponseCache(t.services, t.scope, first)).toBe(3)
  expect(await cachedOf(other)).toBe(3)
  expect(await cachedOf(same)).toBe(0)
  expect(await clearResponseCache(t.services, t.scope, null)).toBeGreaterThanOrEqual(6)
  expect(await cachedOf(other)).toBe(0)
  await expect(clearResponseCache(t.services, t.scope, randomUUID())).rejects.toThrow('no such experiment')
})

test('old responses expire, and the oldest of a project that has too many', async () => {
  await clearResponseCache(t.services, t.scope, null)
  await t.db.pool.query(
    `INSERT INTO cached_response (project_id, key, output, latency_ms, bytes, created_at)
     SELECT $1, decode(lpad(to_hex(n), 4, '0'), 'hex'), '1', 1, 100, now() - n * interval '1 day' FROM generate_series(1, 40) n`,
    [t.scope.projectId],
  )
  const clock = new FakeClock()
  const pruning = new ResponseCachePruning({ db: t.db, log: pino({ level: 'silent' }), maxBytes: 1_000, clock })
  await clock.next()
  await expect.poll(() => clock.timers).toHaveLength(1)
  await pruning.stop()
  const left = await t.db.prisma.cachedResponse.findMany({ orderBy: { createdAt: 'desc' } })
  expect(left).toHaveLength(10)
  expect(Date.now() - (left.at(-1)?.createdAt.getTime() ?? 0)).toBeLessThan(11 * 24 * 60 * 60_000)
})
