import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TaskError } from '../../../src/domain/execution/task.ts'
import { createEvaluator } from '../../../src/engine/evaluators.ts'
import { cancelRun } from '../../../src/engine/runs/cancel-run.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../../helpers/engine.ts'

const failuresOf = new Map<string, number>()
const gate = { opened: Promise.withResolvers<void>(), entered: 0, aborted: 0 }

let t: TestEngine

beforeAll(async () => {
  t = await createTestEngine({
    tasks: [
      { name: 'echo', run: (input) => input },
      {
        name: 'flaky',
        run: (input: number) => {
          const failures = (failuresOf.get(String(input)) ?? 0) + 1
          failuresOf.set(String(input), failures)
          if (input % 3 === 0) throw new TaskError('TASK_FAILED', `no ${input}`, { retryable: false })
          if (input % 3 === 1 && failures < 3)
            throw new TaskError('TASK_FAILED', 'try again', { retryable: true, retryAfterMs: null })
          return input
        },
      },
      {
        name: 'gated',
        run: async (input, _item, { signal }) => {
          gate.entered += 1
          signal.addEventListener('abort', () => (gate.aborted += 1))
          await gate.opened.promise
          return input
        },
      },
      { name: 'hanging', run: () => new Promise(() => {}) },
    ],
    evaluators: [
      {
        name: 'parity',
        evaluate: ({ output }) => ({ value: output % 2 === 0 ? 'even' : 'odd', dataType: 'CATEGORICAL' }),
      },
      { name: 'broken', evaluate: () => Promise.reject(new Error('out of order')) },
    ],
  })
  const exact = { kind: 'builtin', type: 'exactMatch', ignoreCase: false, normalizeWhitespace: false } as const
  await createEvaluator(t.services, t.scope, {
    name: 'exact',
    definition: { ...exact, outputPath: null, expectedPath: null },
  })
  await createEvaluator(t.services, t.scope, {
    name: 'parity',
    definition: { kind: 'module', module: 'parity' },
    dataType: 'CATEGORICAL',
  })
  await createEvaluator(t.services, t.scope, { name: 'broken', definition: { kind: 'module', module: 'broken' } })
  await t.startWorker()
})
afterAll(() => t[Symbol.asyncDispose]())

const numbers = (n: number) => Array.from({ length: n }, (_, index) => index)

test('a run executes and scores every item, and its counters match its rows', async () => {
  const datasetId = await seedDataset(t, numbers(137))
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'echo' }, { concurrency: 25 })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const { items, run } = await followRun(t, id)

  expect(run).toMatchObject({ status: 'COMPLETED', total: 137, succeeded: 137, queued: 0, running: 0, failed: 0 })
  expect(items.size).toBe(137)
  const rows = await t.db.prisma.runItem.findMany({ where: { runId: id } })
  const scores = Map.groupBy(await t.db.prisma.score.findMany({ where: { runId: id } }), ({ ordinal }) => ordinal)
  for (const row of rows) {
    expect(row).toMatchObject({ status: 'SUCCEEDED', attempts: 1, lease: null, availableAt: null })
    expect(scores.get(row.ordinal)).toHaveLength(3)
    expect(items.get(row.ordinal)).toMatchObject({ output: row.output, seq: row.seq })
  }
  expect(new Set(rows.map((row) => row.output))).toEqual(new Set(numbers(137)))
  const summaries = await t.db.prisma.runScoreSummary.findMany({ where: { runId: id }, orderBy: { name: 'asc' } })
  expect(summaries).toMatchObject([
    { name: 'broken', count: 0, errorCount: 137 },
    { name: 'exact', count: 137, sum: 137, m2: 0, errorCount: 0 },
    { name: 'parity', count: 137, errorCount: 0 },
  ])
  const labels = await t.db.prisma.runScoreLabel.findMany({ where: { runId: id }, orderBy: { label: 'asc' } })
  expect(labels).toMatchObject([
    { label: 'even', count: 69 },
    { label: 'odd', count: 68 },
  ])
  const buckets = await t.db.prisma.runLatencyBucket.aggregate({ where: { runId: id }, _sum: { count: true } })
  expect(buckets._sum.count).toBe(137)
  expect(run.latencySum).toBeCloseTo(
    rows.reduce((sum, row) => sum + (row.latencyMs ?? 0), 0),
    6,
  )
})

test('retryable failures are retried, others are final, and both are counted', async () => {
  const datasetId = await seedDataset(t, numbers(30))
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'flaky' }, { maxAttempts: 3 })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const { items, run } = await followRun(t, id)
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 20, failed: 10, queued: 0, running: 0 })
  expect(items.size).toBe(30)
  for (const item of items.values()) {
    if (item.status === 'FAILED') {
      expect(item).toMatchObject({ attempts: 1, error: { code: 'TASK_FAILED', retryable: false }, scores: [] })
    } else expect(item.attempts).toBe(Number(item.output) % 3 === 1 ? 3 : 1)
  }
})

test('an item that takes too long fails with a timeout, and the run continues', async () => {
  const datasetId = await seedDataset(t, numbers(3))
  const settings = { timeoutMs: 50, maxAttempts: 1 }
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'hanging' }, settings)
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const { items, run } = await followRun(t, id)
  expect(run).toMatchObject({ status: 'COMPLETED', failed: 3 })
  expect(items.size).toBe(3)
  for (const item of items.values()) expect(item.error).toMatchObject({ code: 'TIMEOUT', retryable: true })
})

test('cancelling aborts calls in flight, cancels queued items and drops late results', async () => {
  const datasetId = await seedDataset(t, numbers(40))
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'gated' }, { concurrency: 5 })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  await expect.poll(() => gate.entered).toBe(5)
  const cancelled = await cancelRun(t.services, t.scope, id)
  expect(cancelled).toMatchObject({ status: 'CANCELLED', cancelled: 40, queued: 0, running: 0 })
  await expect.poll(() => gate.aborted).toBe(5)
  gate.opened.resolve()
  const { run, items } = await followRun(t, id)
  expect(run.status).toBe('CANCELLED')
  expect([...items.values()].map((item) => item.status)).toEqual(new Array(40).fill('CANCELLED'))
  expect(gate.entered).toBe(5)
  expect(await cancelRun(t.services, t.scope, id)).toMatchObject({ status: 'CANCELLED' })
})

describe('starting', () => {
  test('concurrent requests with the same idempotency key start one run', async () => {
    const datasetId = await seedDataset(t, numbers(2))
    const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'echo' })
    const starts = numbers(20).map(() => startRun(t.services, t.scope, { experimentId, idempotencyKey: 'once' }))
    const ids = new Set((await Promise.all(starts)).map((run) => run.id))
    expect(ids.size).toBe(1)
    expect(await t.db.prisma.run.count({ where: { experimentId } })).toBe(1)
    await expect(
      startRun(t.services, t.scope, { experimentId, idempotencyKey: 'once', name: 'other' }),
    ).rejects.toThrow(/already started another run/)
  })

  test('startRun returns the run as it was created, even when a worker has already begun it', async () => {
    const datasetId = await seedDataset(t, numbers(3))
    const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'echo' })
    for (let n = 0; n < 10; n += 1) {
      const input = { experimentId, metadata: { n }, idempotencyKey: `as started ${n}` }
      const run = await startRun(t.services, t.scope, input)
      expect(run).toMatchObject({ status: 'QUEUED', total: 3, queued: 3, seq: 0, startedAt: null, metadata: { n } })
      await followRun(t, run.id)
      expect(await startRun(t.services, t.scope, input)).toMatchObject({ id: run.id, status: 'COMPLETED' })
    }
  })

  test('startRun returns the run as it was created, even when a worker has executed it before it returns', async () => {
    const datasetId = await seedDataset(t, numbers(3))
    const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'echo' })
    const status = async () => (await t.db.prisma.run.findFirst({ where: { experimentId } }))?.status
    const connect = async () => {
      const client = await t.db.pool.connect()
      const query = async (...args: Parameters<typeof client.query>) => {
        const result = await client.query(...args)
        if (String(args[0]) === 'COMMIT') await expect.poll(status).toBe('COMPLETED')
        return result
      }
      const release = () => client.release()
      return Object.assign(Object.create(client), { query, release })
    }
    const query = t.db.pool.query.bind(t.db.pool)
    const db = { ...t.db, pool: Object.assign(Object.create(t.db.pool), { connect, query }) }
    const run = await startRun({ ...t.services, db }, t.scope, { experimentId })
    expect(run).toMatchObject({ status: 'QUEUED', total: 3, queued: 3, seq: 0, startedAt: null })
  })

  test('all runs of a dataset share one schedule, and a sample is a prefix of it', async () => {
    const datasetId = await seedDataset(t, numbers(50), { tags: (n) => (n % 2 ? ['odd'] : []) })
    const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'echo' })
    const order = async (input: Partial<Parameters<typeof startRun>[2]>) => {
      const { id } = await startRun(t.services, t.scope, { experimentId, ...input })
      const rows = await t.db.prisma.runItem.findMany({ where: { runId: id }, orderBy: { ordinal: 'asc' } })
      return rows.map((row) => row.itemId)
    }
    const all = await order({})
    expect(all).not.toEqual(all.toSorted((a, b) => Number(a - b)))
    expect(await order({})).toEqual(all)
    expect(await order({ subset: { sample: 7 } })).toEqual(all.slice(0, 7))
    const odd = await order({ subset: { tags: ['odd'] } })
    expect(odd).toHaveLength(25)
    expect(odd).toEqual(all.filter((id) => odd.includes(id)))
    expect(await order({ settings: { repetitions: 2 }, subset: { sample: 2 } })).toEqual([
      all[0],
      all[0],
      all[1],
      all[1],
    ])
  })

  test.each([
    [{ subset: { tags: ['none'] } }, /selects none/],
    [{ subset: { sample: 0 } }, /at least 1 item/],
    [{ datasetVersion: 9 }, /a version from 1 to 1/],
    [{ settings: { concurrency: 0 } }, /^overrides\.concurrency: expected number to be >=1, got 0\.$/],
  ])('%j is refused', async (input, message) => {
    const datasetId = await seedDataset(t, numbers(2))
    const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'echo' })
    await expect(startRun(t.services, t.scope, { experimentId, ...input })).rejects.toThrow(message)
    expect(await t.db.prisma.run.count({ where: { experimentId } })).toBe(0)
  })
})
