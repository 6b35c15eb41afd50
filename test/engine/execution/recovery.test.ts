import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { transaction } from '../../../src/db/client.ts'
import { lockRun } from '../../../src/db/sql/run/lock-run.ts'
import type { ClaimedItem } from '../../../src/db/sql/run-item/claim-items.ts'
import { nothingSpent, TaskError } from '../../../src/domain/execution/task.ts'
import { createEvaluator } from '../../../src/engine/evaluators.ts'
import type { Claim, WriteLedger } from '../../../src/engine/execution/claim.ts'
import { type ItemResult, released, withoutResult } from '../../../src/engine/execution/item-result.ts'
import { writeLedger } from '../../../src/engine/execution/ledger.ts'
import { openLane } from '../../../src/engine/execution/open-lane.ts'
import { Recorder } from '../../../src/engine/execution/recorder.ts'
import { cancelRun } from '../../../src/engine/runs/cancel-run.ts'
import { resumeRun } from '../../../src/engine/runs/reopen-run.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../../helpers/engine.ts'

let t: TestEngine
const called: { input: number; attempt: number; at: number }[] = []
let open = Promise.withResolvers<void>()

beforeAll(async () => {
  t = await createTestEngine({
    tasks: [
      { name: 'echo', run: (input) => input },
      {
        name: 'gated',
        run: async (input: number, { attempt }, { signal }) => {
          called.push({ input, attempt, at: performance.now() })
          await Promise.race([
            open.promise,
            new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
          ])
          return input
        },
      },
      {
        name: 'busy',
        run: (input: number, { attempt }) => {
          called.push({ input, attempt, at: performance.now() })
          if (called.length <= 3) throw new TaskError('RATE_LIMITED', 'not now', { retryable: true, retryAfterMs: 400 })
          return input
        },
      },
    ],
  })
  const definition = { kind: 'builtin', type: 'latency', maxMs: 60_000 } as const
  await createEvaluator(t.services, t.scope, { name: 'latency', definition })
})
afterAll(() => t[Symbol.asyncDispose]())

async function start(task: string, size: number, settings = {}): Promise<string> {
  const inputs = Array.from({ length: size }, (_, n) => n)
  const experimentId = await seedExperiment(t, await seedDataset(t, inputs), { kind: 'module', name: task }, settings)
  const { id } = await startRun(t.services, t.scope, { experimentId })
  return id
}

async function laneOf(runId: string): Promise<string> {
  const { rows } = await t.db.pool.query<{ id: string }>('SELECT id FROM run_lane WHERE run_id = $1', [runId])
  return rows[0]?.id ?? ''
}

/** Takes the run's lane as a worker does. Its claims are orphaned once the lane is taken again. */
async function hold(runId: string): Promise<string> {
  const opened = await openLane(t.services, { runId, laneId: await laneOf(runId) })
  return opened?.lease ?? ''
}

async function claim(runId: string, lease: string, limit: number, known?: number[]): Promise<Claim | null> {
  const uncertain = known ? [{ lease, known: { items: known, evaluations: [] } }] : []
  const { answers } = await writeLedger(t.db, runId, [], [{ lease, limit }], uncertain)
  return answers[0] ?? null
}

function succeeded(item: ClaimedItem, output: string): ItemResult {
  return {
    item: { ...withoutResult(item), status: 'SUCCEEDED', output, latencyMs: 1 },
    spent: nothingSpent,
    hadCost: false,
    scores: [],
  }
}

const runOf = (id: string) => t.db.prisma.run.findUniqueOrThrow({ where: { id } })

test('items of a dead lease are requeued when its lane is taken over, and spend no attempt', async () => {
  const id = await start('echo', 10)
  const dead = await hold(id)
  expect((await claim(id, dead, 4))?.items).toHaveLength(4)
  expect(await runOf(id)).toMatchObject({ status: 'RUNNING', queued: 6, running: 4 })
  const alive = await hold(id)
  expect(await runOf(id)).toMatchObject({ queued: 10, running: 0 })
  const again = await claim(id, alive, 10)
  expect(again?.items.map(({ ordinal, attempts, excused }) => [ordinal, attempts, excused])).toEqual(
    Array.from({ length: 10 }, (_, ordinal) => (ordinal < 4 ? [ordinal, 2, 1] : [ordinal, 1, 0])),
  )
})

test('a lane that lost its lease claims nothing, and its results are dropped', async () => {
  const id = await start('echo', 10)
  const zombie = await hold(id)
  const [first] = (await claim(id, zombie, 2))?.items ?? []
  const alive = await hold(id)
  const [again] = (await claim(id, alive, 1))?.items ?? []
  if (!first || !again) throw new Error('nothing was claimed')
  expect(again.ordinal).toBe(first.ordinal)

  expect(await claim(id, zombie, 5)).toBeNull()
  await writeLedger(t.db, id, [succeeded(first, 'late')], [], [])
  expect(await runOf(id)).toMatchObject({ succeeded: 0, queued: 9, running: 1, latencySum: 0 })
  await writeLedger(t.db, id, [succeeded(again, 'in time'), succeeded(first, 'later')], [], [])
  expect(await runOf(id)).toMatchObject({ succeeded: 1, queued: 9, running: 0, latencySum: 1 })
  const row = await t.db.prisma.runItem.findFirstOrThrow({ where: { runId: id, ordinal: first.ordinal } })
  expect(row).toMatchObject({ status: 'SUCCEEDED', output: 'in time' })
})

test('a result is not recorded again when the answer to its commit was lost', async () => {
  const id = await start('echo', 3)
  const lease = await hold(id)
  const [item] = (await claim(id, lease, 1))?.items ?? []
  if (!item) throw new Error('nothing was claimed')
  const done = succeeded(item, 'once')
  await writeLedger(t.db, id, [done], [], [])
  const { seq } = await runOf(id)
  await writeLedger(t.db, id, [done], [], [])
  expect(await runOf(id)).toMatchObject({ succeeded: 1, queued: 2, running: 0 })
  const row = await t.db.prisma.runItem.findFirstOrThrow({ where: { runId: id, ordinal: item.ordinal } })
  expect(row.seq).toBe(seq)
})

test('items whose claim was committed but never answered are requeued, and those the lane has stay', async () => {
  const id = await start('echo', 6)
  const lease = await hold(id)
  const known = (await claim(id, lease, 2))?.items.map(({ ordinal }) => ordinal) ?? []
  // The answer to this claim is lost with the connection.
  await claim(id, lease, 2)
  expect(await runOf(id)).toMatchObject({ queued: 2, running: 4 })
  const again = await claim(id, lease, 2, known)
  // The lost claim was no call.
  expect(again?.items.map(({ ordinal, attempts, excused }) => [ordinal, attempts, excused])).toEqual([
    [2, 1, 0],
    [3, 1, 0],
  ])
  expect(await runOf(id)).toMatchObject({ queued: 2, running: 4 })
})

test("released items are due at once, whatever the worker's clock says", async () => {
  const id = await start('echo', 2)
  const lease = await hold(id)
  const [item] = (await claim(id, lease, 1))?.items ?? []
  if (!item) throw new Error('nothing was claimed')
  await writeLedger(t.db, id, [released(item)], [], [])
  const again = await claim(id, lease, 2)
  expect(again?.items.map(({ ordinal, attempts, excused }) => [ordinal, attempts, excused])).toEqual([
    [0, 1, 0],
    [1, 1, 0],
  ])
})

test('a process that freezes while it holds the lock of a run blocks the run for a few seconds only', async () => {
  const id = await start('echo', 1)
  const locked = Promise.withResolvers<void>()
  const frozen = transaction(t.db.pool, async (client) => {
    await lockRun(client, id)
    locked.resolve()
    await once(client, 'end')
    await client.query('SELECT 1')
  })
  frozen.catch(() => {})
  await locked.promise
  expect(await hold(id)).not.toBe('')
  await expect(frozen).rejects.toThrow(/connection/)
})

test('results that cannot be stored fail with the reason, and the rest of their batch is recorded', async () => {
  const id = await start('echo', 40)
  const lease = await hold(id)
  const { log, metrics } = t.services
  const write: WriteLedger = (...batch) => writeLedger(t.db, id, ...batch)
  const recorder = new Recorder({ runId: id, write, log, metrics, onStatus: () => {}, onGivenUp: () => {} })
  const { items = [] } = (await recorder.claim(lease, 40, () => ({ items: [], evaluations: [] }))) ?? {}
  for (const item of items) {
    const ended = succeeded(item, item.ordinal === 3 ? 'zero \u0000 byte' : 'fine')
    if (item.ordinal === 17) ended.item.inputTokens = 3_000_000_000
    void recorder.record(ended)
  }
  await recorder.flushed()
  expect(await runOf(id)).toMatchObject({ status: 'COMPLETED', succeeded: 38, failed: 2, inputTokens: null })
  const failed = await t.db.prisma.runItem.findMany({
    where: { runId: id, status: 'FAILED' },
    orderBy: { ordinal: 'asc' },
  })
  expect(failed.map(({ ordinal, error }) => [ordinal, error])).toEqual([
    [3, { code: 'UNSTORABLE_RESULT', message: expect.stringContaining('Unicode'), retryable: false, attempt: 1 }],
    [17, { code: 'UNSTORABLE_RESULT', message: expect.stringContaining('out of range'), retryable: false, attempt: 1 }],
  ])
})

test('of a batch that is refused nothing is written, and the error is that of the statement that was refused', async () => {
  const id = await start('echo', 4)
  const lease = await hold(id)
  const [item] = (await claim(id, lease, 1))?.items ?? []
  if (!item) throw new Error('nothing was claimed')
  const { id: evaluatorVersionId } = await t.db.prisma.evaluatorVersion.findFirstOrThrow()
  const rules = {
    dataType: 'TEXT',
    direction: 'NONE',
    min: null,
    max: null,
    categories: null,
    failurePolicy: 'MISSING',
  } as const
  const given = { value: null, label: 'zero \u0000 byte', comment: null, metadata: null, costUsd: null, error: null }
  const score = {
    ordinal: item.ordinal,
    evaluatorVersionId,
    name: 'said',
    dataType: 'TEXT',
    rules,
    isPinned: true,
    ...given,
  } as const
  // The claim is sent before the answer to the scores has come.
  const written = writeLedger(t.db, id, [{ ...succeeded(item, 'fine'), scores: [score] }], [{ lease, limit: 2 }], [])
  await expect(written).rejects.toMatchObject({ code: '22P05' })
  expect(await runOf(id)).toMatchObject({ succeeded: 0, queued: 3, running: 1, nextOrdinal: 1 })
  expect((await claim(id, lease, 2))?.items).toHaveLength(2)
})

test('a stopped worker requeues the items that it cannot finish, and their interrupted attempts do not count', async () => {
  called.length = 0
  const id = await start('gated', 12, { concurrency: 4, maxAttempts: 1 })
  const first = await t.startWorker({ drainMs: 100 })
  await expect.poll(() => called.length).toBe(4)
  await first.stop()
  expect(await runOf(id)).toMatchObject({ queued: 12, running: 0, failed: 0 })
  open.resolve()
  await using worker = await temporaryWorker()
  const { run, items } = await followRun(t, id)
  expect(worker.load.slots).toBe(200)
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 12, failed: 0 })
  expect([...items.values()].map((item) => item.attempts).sort()).toEqual([...Array(8).fill(1), ...Array(4).fill(2)])
  expect(called.map(({ attempt }) => attempt).sort()).toEqual([...Array(12).fill(1), ...Array(4).fill(2)])
  open = Promise.withResolvers()
})

test('a lane keeps its priority and its run when its worker stops', async () => {
  called.length = 0
  const inputs = Array.from({ length: 3 }, (_, n) => n)
  const experimentId = await seedExperiment(t, await seedDataset(t, inputs), { kind: 'module', name: 'gated' })
  const { id } = await startRun(t.services, t.scope, { experimentId, priority: 7 })
  const jobs = async () => {
    const { rows } = await t.db.pool.query<{ priority: number }>(
      `SELECT priority FROM pgboss.job WHERE data ->> 'runId' = $1 AND state < 'completed'`,
      [id],
    )
    return rows
  }
  const before = await jobs()
  const worker = await t.startWorker({ drainMs: 50 })
  await expect.poll(() => called.length).toBe(3)
  await worker.stop()
  expect(before).toEqual([{ priority: 1_007 }])
  expect(await jobs()).toEqual(before)
  await t.db.pool.query(`UPDATE run SET status = 'CANCELLED' WHERE id = $1`, [id])
})

// A plan that reads all items for each would take minutes, more than a test may.
test('a large run among small ones is cancelled and resumed quickly', async () => {
  for (let n = 0; n < 20; n += 1) await start('echo', 20)
  await t.db.pool.query('ANALYZE run_item')
  const size = 30_000
  const id = await start('echo', size)
  await cancelRun(t.services, t.scope, id)
  expect(await runOf(id)).toMatchObject({ status: 'CANCELLED', cancelled: size, queued: 0 })
  await resumeRun(t.services, t.scope, id)
  expect(await runOf(id)).toMatchObject({ status: 'QUEUED', cancelled: 0, queued: size })
  await cancelRun(t.services, t.scope, id)
})

test('Retry-After is respected and spends no attempt', async () => {
  called.length = 0
  const id = await start('busy', 3, { concurrency: 3, maxAttempts: 1 })
  await using worker = await temporaryWorker()
  const { run } = await followRun(t, id)
  expect(worker.load.slots).toBe(200)
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 3, failed: 0 })
  expect(called).toHaveLength(6)
  for (const input of [0, 1, 2]) {
    const [first, second] = called.filter((call) => call.input === input)
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(350)
  }
})

async function temporaryWorker() {
  const worker = await t.startWorker()
  return Object.assign(worker, { [Symbol.asyncDispose]: () => worker.stop() })
}
