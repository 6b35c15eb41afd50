/** A run is executed by the functions that it was started with, whatever other workers have under the same names. */
import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { announceWorker, withdrawWorker } from '../../../src/db/sql/worker/announce-worker.ts'
import { listWorkers } from '../../../src/db/sql/worker/list-workers.ts'
import type { Functions } from '../../../src/domain/execution/functions.ts'
import { createEvaluator, deleteEvaluator } from '../../../src/engine/evaluators.ts'
import { Worker } from '../../../src/engine/execution/worker.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { waitingReason } from '../../../src/engine/runs/waiting-reason.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../../helpers/engine.ts'
import { inThisProcess } from '../../helpers/functions.ts'

let t: TestEngine
const workers: Worker[] = []
beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())
// Also of a test that fails: the next ones would get its workers.
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()))
})

const version = (name: string) =>
  inThisProcess(
    {
      tasks: [{ name: 'answer', run: () => name }],
      evaluators: [{ name: 'says', dataType: 'CATEGORICAL', evaluate: () => name }],
    },
    name,
  )

async function startWorker(functions: Functions): Promise<Worker> {
  const worker = new Worker({ ...t.services, functions }, t.listener).start()
  workers.push(worker)
  await worker.announced
  return worker
}

async function start(size: number): Promise<string> {
  const inputs = Array.from({ length: size }, (_, n) => n)
  const task = { kind: 'module', name: 'answer' } as const
  const experimentId = await seedExperiment(t, await seedDataset(t, inputs), task, { concurrency: 20 })
  return (await startRun(t.services, t.scope, { experimentId })).id
}

const functionsOf = ({ registered: { tasks, evaluators } }: Functions) => [...tasks.values(), ...evaluators.values()]
const find = (id: string) => t.db.prisma.run.findUniqueOrThrow({ where: { id } })
const reason = async (id: string) => waitingReason(await find(id), await listWorkers(t.db.pool))

test('of two workers with different functions of one name, only the one that had them at the start executes the run', async () => {
  await startWorker(version('old'))
  const runId = await start(500)
  await startWorker(version('new'))
  const { items, run } = await followRun(t, runId)
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 500 })
  expect(new Set([...items.values()].map(({ output }) => output))).toEqual(new Set(['old']))
  expect((await find(runId)).functions).toEqual({ tasks: { answer: 'old' }, evaluators: {} })
})

test('a run whose functions nobody has waits, says which it wants and who has what, and goes on when they come', async () => {
  const definition = { kind: 'module', module: 'says' } as const
  const old = version('old')
  // A worker that has said which functions it has, and stops before it takes a run.
  const announced = { id: randomUUID(), name: 'gone:1', functions: functionsOf(old), problem: null }
  await announceWorker(t.db.pool, announced, 60)
  const { id: evaluatorId } = await createEvaluator(t.services, t.scope, { name: 'says', definition })
  const id = await start(2)
  await withdrawWorker(t.db.pool, announced.id)
  expect(await reason(id)).toBe(
    'It waits for a worker, and no worker is running (start `assay worker`, or `assay serve` without --no-worker).',
  )

  await startWorker(version('new'))
  const worker = (await listWorkers(t.db.pool))[0]?.name
  expect(await reason(id)).toBe(
    'It waits for a worker with the functions that it was started with: task "answer" old, evaluator "says" old. ' +
      `${worker} has "answer" new, "says" new. Start a worker with that config, or cancel it and start another run.`,
  )
  await startWorker(old)
  const { items, run } = await followRun(t, id)
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 2 })
  expect([...items.values()].map(({ output, scores }) => [output, scores.map(({ label }) => label)])).toEqual([
    ['old', ['old']],
    ['old', ['old']],
  ])
  expect(await reason(id)).toBeNull()
  await deleteEvaluator(t.services, t.scope, evaluatorId)
})

test('a run that was started without a worker gets the functions of the first one, and keeps them', async () => {
  const runId = await start(300)
  expect((await find(runId)).functions).toMatchObject({ tasks: { answer: null } })
  await Promise.all([startWorker(version('a')), startWorker(version('b'))])
  const { items } = await followRun(t, runId)
  const outputs = new Set([...items.values()].map(({ output }) => output))
  expect(outputs.size).toBe(1)
  const [answer] = outputs
  expect((await find(runId)).functions).toMatchObject({ tasks: { answer } })
})

test('a worker whose functions go away leaves its runs to others, and their items are no attempts', async () => {
  const going = version('old')
  let registered = going.registered
  const functions: Functions = {
    get registered() {
      return registered
    },
    problem: null,
    callTask: async (name, item, call) => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      return going.callTask(name, item, call)
    },
    evaluate: (...args) => going.evaluate(...args),
  }
  const worker = await startWorker(functions)
  const runId = await start(2_000)
  await expect.poll(async () => (await find(runId)).succeeded).toBeGreaterThan(0)
  registered = inThisProcess({}).registered
  worker.functionsChanged()
  await expect.poll(async () => (await find(runId)).running).toBe(0)
  expect(await reason(runId)).toMatch(/^It waits for a worker with the functions/)
  await startWorker(version('old'))
  const { run } = await followRun(t, runId)
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 2_000, failed: 0 })
})

test('a worker that stops is no longer counted on, nor one that says nothing more', async () => {
  const worker = await startWorker(version('old'))
  expect(await listWorkers(t.db.pool)).toHaveLength(1)
  await worker.stop()
  await announceWorker(t.db.pool, { id: randomUUID(), name: 'dead:1', functions: [], problem: null }, -1)
  expect(await listWorkers(t.db.pool)).toEqual([])
})
