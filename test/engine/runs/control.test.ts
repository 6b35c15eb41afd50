import { afterAll, beforeAll, expect, test } from 'vitest'
import { result } from '../../../src/domain/execution/task-result.ts'
import { etaSeconds } from '../../../src/domain/run-figures.ts'
import { createEvaluator } from '../../../src/engine/evaluators.ts'
import { cancelRun } from '../../../src/engine/runs/cancel-run.ts'
import { resumeRun, retryFailedItems } from '../../../src/engine/runs/reopen-run.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { updateRun } from '../../../src/engine/runs/update-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../../helpers/engine.ts'

let t: TestEngine
const calls = { running: 0, most: 0, total: 0 }
let cacheableCalls = 0
let broken = true
let open = Promise.withResolvers<void>()

beforeAll(async () => {
  t = await createTestEngine({
    tasks: [
      {
        name: 'counted',
        run: async (input) => {
          calls.running += 1
          calls.total += 1
          calls.most = Math.max(calls.most, calls.running)
          await new Promise((resolve) => setTimeout(resolve, 20))
          calls.running -= 1
          return input
        },
      },
      {
        name: 'cacheable',
        run: (input) => {
          cacheableCalls += 1
          return input
        },
      },
      {
        name: 'sometimes',
        run: async (input: number) => {
          await new Promise((resolve) => setTimeout(resolve, 3))
          if (broken && input % 2 === 0) throw new Error('broken')
          return input
        },
      },
      { name: 'priced', run: (input) => result({ output: input, costUsd: 0.1 }) },
      {
        name: 'gated',
        run: async (input) => {
          await open.promise
          return input
        },
      },
      { name: 'coin', run: (input: number, item) => (item.repetition * (input + 1)) % 2 },
    ],
  })
  await createEvaluator(t.services, t.scope, {
    name: 'one',
    definition: {
      kind: 'builtin',
      type: 'contains',
      text: '1',
      ignoreCase: false,
      outputPath: null,
      expectedPath: null,
    },
  })
  await t.startWorker()
})
afterAll(() => t[Symbol.asyncDispose]())

const numbers = (n: number) => Array.from({ length: n }, (_, index) => index)
async function experiment(task: string, size: number, settings = {}) {
  return seedExperiment(t, await seedDataset(t, numbers(size)), { kind: 'module', name: task }, settings)
}

test('retryFailedItems executes only the failed items of a finished run again', async () => {
  const experimentId = await experiment('sometimes', 20, { maxAttempts: 1 })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  expect((await followRun(t, id)).run).toMatchObject({ status: 'COMPLETED', succeeded: 10, failed: 10 })
  const before = await t.db.prisma.runItem.findMany({ where: { runId: id, status: 'SUCCEEDED' } })

  broken = false
  const retried = await retryFailedItems(t.services, t.scope, id)
  expect(retried).toMatchObject({ status: 'QUEUED', failed: 0, queued: 10, finishedAt: null })
  const { run, items } = await followRun(t, id)
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 20, failed: 0, queued: 0 })
  for (const row of before) expect(items.get(row.ordinal)).toMatchObject({ seq: row.seq, traceId: row.traceId })
  await expect(retryFailedItems(t.services, t.scope, id)).rejects.toThrow('No item of this run failed.')
})

test('a cancelled run is resumed with its unfinished items', async () => {
  const experimentId = await experiment('gated', 30, { concurrency: 4 })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  await expect.poll(async () => (await t.db.prisma.run.findUniqueOrThrow({ where: { id } })).running).toBe(4)
  expect(await cancelRun(t.services, t.scope, id)).toMatchObject({ status: 'CANCELLED', cancelled: 30 })
  open.resolve()
  expect(await resumeRun(t.services, t.scope, id)).toMatchObject({ status: 'QUEUED', queued: 30, cancelled: 0 })
  const { run } = await followRun(t, id)
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 30, cancelled: 0 })
  await expect(resumeRun(t.services, t.scope, id)).rejects.toThrow(/this one is COMPLETED/)
  open = Promise.withResolvers()
})

test('retrying the failed items of a stopped run executes only those, and the rest can still be resumed', async () => {
  broken = true
  const experimentId = await experiment('sometimes', 600, { concurrency: 1, maxAttempts: 1, maxFailureRate: 0.1 })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const stopped = (await followRun(t, id)).run
  expect(stopped).toMatchObject({ status: 'STOPPED', stopReason: 'FAILURE_RATE' })
  // Some of the rest was never claimed.
  expect(stopped.nextOrdinal).toBeLessThan(600)

  broken = false
  await retryFailedItems(t.services, t.scope, id)
  const { cancelled } = stopped
  const retried = await followRun(t, id, await t.feeds.cursorOf(stopped))
  expect(retried.run).toMatchObject({
    status: 'CANCELLED',
    succeeded: 600 - cancelled,
    failed: 0,
    queued: 0,
    cancelled,
  })
  expect([...retried.items.values()].map(({ status }) => status)).toEqual(Array(stopped.failed).fill('SUCCEEDED'))
  expect(await t.db.prisma.runItem.count({ where: { runId: id, status: 'CANCELLED' } })).toBe(cancelled)

  await resumeRun(t.services, t.scope, id)
  expect((await followRun(t, id)).run).toMatchObject({ status: 'COMPLETED', succeeded: 600, cancelled: 0, queued: 0 })
  expect(await t.db.prisma.runItem.count({ where: { runId: id, status: 'SUCCEEDED' } })).toBe(600)
})

test('a run never exceeds its budget: it stops, and continues with a larger one', async () => {
  const experimentId = await experiment('priced', 40, { concurrency: 10, budgetUsd: 1.25 })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const stopped = (await followRun(t, id)).run
  expect(stopped).toMatchObject({ status: 'STOPPED', stopReason: 'BUDGET', succeeded: 12, cancelled: 28 })
  expect(stopped.costSum).toBeLessThanOrEqual(1.25)
  await expect(resumeRun(t.services, t.scope, id)).rejects.toThrow(/would stop at once/)
  await updateRun(t.services, t.scope, { id, budgetUsd: null })
  expect(await t.db.prisma.run.findUniqueOrThrow({ where: { id } })).toMatchObject({ stopReason: 'BUDGET' })
  await resumeRun(t.services, t.scope, id)
  expect((await followRun(t, id)).run).toMatchObject({ status: 'COMPLETED', stopReason: null, succeeded: 40 })
})

test('too many failures stop a run', async () => {
  broken = true
  const experimentId = await experiment('sometimes', 200, { maxAttempts: 1, maxFailureRate: 0.3, concurrency: 2 })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const { run } = await followRun(t, id)
  expect(run).toMatchObject({ status: 'STOPPED', stopReason: 'FAILURE_RATE', queued: 0, running: 0 })
  expect(run.succeeded + run.failed).toBeGreaterThanOrEqual(20)
  expect(run.cancelled).toBe(200 - run.succeeded - run.failed)
})

test('the concurrency of a running run can be raised and lowered', async () => {
  Object.assign(calls, { running: 0, most: 0, total: 0 })
  const experimentId = await experiment('counted', 6_000, { concurrency: 3 })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  await expect.poll(() => calls.total).toBeGreaterThan(30)
  expect(calls.most).toBe(3)
  await updateRun(t.services, t.scope, { id, concurrency: 25 })
  await expect.poll(() => calls.most).toBe(25)
  await updateRun(t.services, t.scope, { id, concurrency: 2 })
  await expect.poll(() => calls.running).toBe(2)
  await cancelRun(t.services, t.scope, id)
})

test('runs with the cache reuse outputs of the same task, input and repetition', async () => {
  const experimentId = await experiment('cacheable', 12, { cache: true, repetitions: 2 })
  const first = await followRun(t, (await startRun(t.services, t.scope, { experimentId })).id)
  expect(cacheableCalls).toBe(24)
  const second = await followRun(t, (await startRun(t.services, t.scope, { experimentId })).id)
  expect(cacheableCalls).toBe(24)
  expect(second.run).toMatchObject({ status: 'COMPLETED', succeeded: 24 })
  expect(second.items.size).toBe(24)
  for (const [ordinal, item] of second.items) {
    const original = first.items.get(ordinal)
    expect(original).toMatchObject({ cached: false })
    expect(item).toMatchObject({ cached: true, output: original?.output, latencyMs: original?.latencyMs })
    expect(item.scores).toHaveLength(1)
  }
  await followRun(t, (await startRun(t.services, t.scope, { experimentId, settings: { cache: false } })).id)
  expect(cacheableCalls).toBe(48)
})

test('a run with repetitions sums the means of its items', async () => {
  const experimentId = await experiment('coin', 31, { repetitions: 4, concurrency: 20 })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  await followRun(t, id)
  const { rows } = await t.db.pool.query<{ items: number; sum: number; m2: number }>(
    `SELECT count(*)::int AS items, sum(mean) AS sum, var_pop(mean) * count(*) AS m2
     FROM (SELECT avg(value) AS mean FROM score WHERE run_id = $1 AND name = 'one' GROUP BY ordinal / 4) item`,
    [id],
  )
  const [{ items, sum, m2 } = { items: 0, sum: 0, m2: 0 }] = rows
  const summary = await t.db.prisma.runScoreSummary.findFirstOrThrow({ where: { runId: id, name: 'one' } })
  expect(summary).toMatchObject({ count: 124, scoreCount: 124, items })
  expect([summary.sum, summary.m2]).toEqual([expect.closeTo(sum, 9), expect.closeTo(m2, 9)])
  expect(m2).toBeGreaterThan(0)
})

test('the estimate of a resumed run does not count the pause', async () => {
  open = Promise.withResolvers()
  const datasetId = await seedDataset(t, [1, 2, 3, 4])
  const experimentId = await seedExperiment(
    t,
    datasetId,
    { kind: 'module', name: 'priced' },
    { budgetUsd: 0.2, concurrency: 1 },
  )
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const { run: stopped } = await followRun(t, id)
  expect(stopped).toMatchObject({ status: 'STOPPED', succeeded: 2, pausedMs: 0 })
  const hour = 60 * 60_000
  await t.db.pool.query(
    `UPDATE run SET started_at = started_at - $2 * interval '1 ms', finished_at = finished_at - $2 * interval '1 ms' WHERE id = $1`,
    [id, hour],
  )
  await updateRun(t.services, t.scope, { id, budgetUsd: null })
  const resumed = await resumeRun(t.services, t.scope, id)
  expect(resumed.pausedMs).toBeGreaterThan(hour - 60_000)
  const now = new Date()
  const workedMs = now.getTime() - (resumed.startedAt?.getTime() ?? 0) - hour
  expect(etaSeconds(resumed, now)).toBeLessThanOrEqual(workedMs / 1_000 + 1)
  expect((await followRun(t, id)).run).toMatchObject({ status: 'COMPLETED', pausedMs: resumed.pausedMs })
})
