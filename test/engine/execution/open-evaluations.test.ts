/**
 * Evaluations are entries of the ledger of their own: with their own time limits and attempts, kept when the evaluator or
 * its worker fails, and made without calling the task again.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { FunctionsUnavailableError } from '../../../src/domain/execution/functions.ts'
import type { RunSettings } from '../../../src/domain/run.ts'
import { createEvaluator, updateEvaluator } from '../../../src/engine/evaluators.ts'
import { Reconciler } from '../../../src/engine/execution/reconciler.ts'
import type { Worker, WorkerOptions } from '../../../src/engine/execution/worker.ts'
import { cancelRun } from '../../../src/engine/runs/cancel-run.ts'
import { resumeRun, retryFailedScores } from '../../../src/engine/runs/reopen-run.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../../helpers/engine.ts'

/** What the judge does with an output, and how often it was asked. */
let judge: (output: number, call: number) => unknown
let asked: Map<number, number>
let executed: number[]

let t: TestEngine
let judgeId: string
let exactId: string

beforeAll(async () => {
  t = await createTestEngine({
    tasks: [
      {
        name: 'echo',
        run: (input) => {
          executed.push(input)
          return input
        },
      },
    ],
    evaluators: [
      {
        name: 'judge',
        evaluate: async ({ output }) => {
          const call = (asked.get(output) ?? 0) + 1
          asked.set(output, call)
          return (await judge(output, call)) as number
        },
      },
    ],
  })
  const definition = { kind: 'module', module: 'judge' }
  judgeId = (await createEvaluator(t.services, t.scope, { name: 'judge', definition, active: false })).id
  exactId = (
    await createEvaluator(t.services, t.scope, {
      name: 'exact',
      definition: { kind: 'builtin', type: 'exactMatch' },
      active: false,
    })
  ).id
})
afterAll(() => t[Symbol.asyncDispose]())
beforeEach(async () => {
  judge = (output) => output
  asked = new Map()
  executed = []
  await updateEvaluator(t.services, t.scope, { id: judgeId, timeoutMs: 60_000, maxAttempts: 3 })
})

const workers: Worker[] = []
afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.stop())))

async function startWorker(options?: WorkerOptions): Promise<Worker> {
  const worker = await t.startWorker(options)
  workers.push(worker)
  return worker
}

async function start(items: number, settings: Partial<RunSettings> = {}, evaluatorIds = [judgeId, exactId]) {
  const datasetId = await seedDataset(
    t,
    Array.from({ length: items }, (_, n) => n),
  )
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'echo' }, settings)
  return (await startRun(t.services, t.scope, { experimentId, evaluatorIds })).id
}

/** Value or error of each score of the judge, by the output. */
async function judged(runId: string): Promise<unknown[]> {
  const { rows } = await t.db.pool.query<{ value: number | null; message: string | null }>(
    `SELECT s.value, s.error ->> 'message' AS message FROM score s JOIN run_item i USING (run_id, ordinal)
     WHERE s.run_id = $1 AND s.name = 'judge' ORDER BY i.output::int`,
    [runId],
  )
  return rows.map(({ value, message }) => message ?? value)
}

async function summary(runId: string) {
  return t.db.prisma.runScoreSummary.findFirstOrThrow({ where: { runId, name: 'judge' } })
}

function runOf(id: string) {
  return t.db.prisma.run.findUniqueOrThrow({ where: { id } })
}

function openEvaluations(runId: string) {
  return t.db.prisma.openEvaluation.findMany({ where: { runId } })
}

test('the time limit of the task is not that of its evaluators, which have one of their own', async () => {
  await startWorker()
  judge = (output, call) => {
    if (output === 0) return new Promise((resolve) => setTimeout(resolve, 120, 0.5))
    return call === 1 ? new Promise(() => {}) : 1
  }
  const slow = await start(1, { timeoutMs: 50 })
  expect((await followRun(t, slow)).run).toMatchObject({ status: 'COMPLETED', succeeded: 1 })
  expect(await judged(slow)).toEqual([0.5])

  await updateEvaluator(t.services, t.scope, { id: judgeId, timeoutMs: 50, maxAttempts: 1 })
  const hanging = await start(2)
  await followRun(t, hanging)
  expect(await judged(hanging)).toEqual(['No result within 50 ms.', 'No result within 50 ms.'])
  expect(executed.sort()).toEqual([0, 0, 1])
})

test('a judge that answers 429 once per item loses no score, and its cost counts each time', async () => {
  await startWorker()
  judge = (output, call) => {
    if (call > 1) return { value: output, costUsd: 0.5 }
    throw Object.assign(new Error('slow down'), { status: 429, headers: { 'retry-after': '0.05' } })
  }
  const id = await start(12, { concurrency: 12 })
  const { run, items } = await followRun(t, id)
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 12, evaluatorCostSum: 6, evaluatorCostCount: 12 })
  expect(await judged(id)).toEqual(Array.from({ length: 12 }, (_, n) => n))
  expect(await summary(id)).toMatchObject({ count: 12, errorCount: 0, sum: 66, min: 0, max: 11 })
  expect(executed).toHaveLength(12)
  expect([...items.values()].every(({ scores }) => scores?.length === 2)).toBe(true)
  expect(await openEvaluations(id)).toEqual([])
})

test('a slow evaluator holds back no output; cancelling keeps the evaluation, and resuming makes it', async () => {
  await startWorker()
  const held = Promise.withResolvers<void>()
  judge = (output) => (output === 1 ? held.promise.then(() => 1) : output)
  const id = await start(2)
  await expect.poll(() => runOf(id)).toMatchObject({ status: 'RUNNING', succeeded: 2, evaluationsRunning: 1 })
  expect(await judged(id)).toEqual([0])

  expect(await cancelRun(t.services, t.scope, id)).toMatchObject({
    ...{ status: 'CANCELLED', succeeded: 2, cancelled: 0 },
    ...{ evaluationsQueued: 1, evaluationsRunning: 0 },
  })
  expect(await openEvaluations(id)).toMatchObject([{ attempts: 1, excused: 1, lease: null }])
  held.resolve()
  await resumeRun(t.services, t.scope, id)
  const { run } = await followRun(t, id)
  expect(run).toMatchObject({ status: 'COMPLETED', evaluationsQueued: 0, evaluationsRunning: 0 })
  expect(await judged(id)).toEqual([0, 1])
  expect(executed.sort()).toEqual([0, 1])
})

test('a worker that stops leaves the evaluations to others, and no task is called again', async () => {
  const first = await startWorker({ drainMs: 0 })
  const begun = Promise.withResolvers<void>()
  judge = (output, call) => {
    begun.resolve()
    return call === 1 ? new Promise(() => {}) : output
  }
  const id = await start(3)
  await begun.promise
  await expect.poll(async () => asked.size).toBe(3)
  await first.stop()
  expect(await runOf(id)).toMatchObject({ status: 'RUNNING', succeeded: 3, evaluationsQueued: 3 })
  await startWorker()
  const { run } = await followRun(t, id)
  expect(run.status).toBe('COMPLETED')
  expect(await judged(id)).toEqual([0, 1, 2])
  expect(executed.sort()).toEqual([0, 1, 2])
})

test('failed scores are retried alone, with the present limits; each replaces its error and the summary', async () => {
  await startWorker()
  judge = (output) => {
    if (output % 2 === 1) throw new Error('no verdict')
    return output
  }
  const id = await start(6, { repetitions: 1 })
  await followRun(t, id)
  expect(await judged(id)).toEqual([0, 'no verdict', 2, 'no verdict', 4, 'no verdict'])
  expect(await summary(id)).toMatchObject({ count: 3, errorCount: 3 })

  await updateEvaluator(t.services, t.scope, { id: judgeId, maxAttempts: 1, timeoutMs: 40 })
  judge = (output) => (output === 5 ? new Promise(() => {}) : output * 10)
  const reopened = await retryFailedScores(t.services, t.scope, id)
  expect(reopened).toMatchObject({ status: 'QUEUED', succeeded: 6, evaluationsQueued: 3 })
  const { run } = await followRun(t, id)
  expect(run).toMatchObject({ status: 'COMPLETED', evaluationsQueued: 0, evaluationsRunning: 0 })
  expect(await judged(id)).toEqual([0, 10, 2, 30, 4, 'No result within 40 ms.'])
  expect(await summary(id)).toMatchObject({ count: 5, errorCount: 1, sum: 46, min: 0, max: 30 })
  expect(executed).toHaveLength(6)
  const untouched = await t.db.prisma.score.count({ where: { runId: id, name: 'exact' } })
  expect(untouched).toBe(6)

  judge = () => 7
  await retryFailedScores(t.services, t.scope, id)
  await followRun(t, id)
  await expect(retryFailedScores(t.services, t.scope, id)).rejects.toThrow('No evaluator failed in this run.')
})

test('evaluations under a lease that no lane has, and those nobody claims, are repaired', async () => {
  judge = (_output, call) => {
    if (call > 1) return new Promise(() => {})
    throw Object.assign(new Error('busy'), { retryable: true })
  }
  const id = await start(1)
  const worker = await startWorker({ drainMs: 0 })
  await expect.poll(() => openEvaluations(id)).toHaveLength(1)
  await worker.stop()
  await t.db.pool.query(
    `UPDATE run SET created_at = now() - interval '1 minute', evaluations_running = 1, evaluations_queued = 0 WHERE id = $1`,
    [id],
  )
  await t.db.pool.query('UPDATE open_evaluation SET lease = 1, available_at = NULL WHERE run_id = $1', [id])
  expect(await new Reconciler(t.services).check()).toEqual([id])
  judge = (output) => output
  await startWorker()
  expect((await followRun(t, id)).run.status).toBe('COMPLETED')
  expect(await judged(id)).toEqual([0])
})

test('an evaluation waits for a worker with its function, and its call was none', async () => {
  await startWorker()
  const { evaluate } = t.services.functions
  let refused = false
  t.services.functions.evaluate = (...call) => {
    if (refused) return evaluate.apply(t.services.functions, call)
    refused = true
    return Promise.reject(new FunctionsUnavailableError('The process of the functions has ended.'))
  }
  await updateEvaluator(t.services, t.scope, { id: judgeId, maxAttempts: 1 })
  const id = await start(1)
  expect((await followRun(t, id)).run).toMatchObject({ status: 'COMPLETED' })
  t.services.functions.evaluate = evaluate
  expect(await judged(id)).toEqual([0])
  expect(executed).toEqual([0])
})
