import { afterAll, beforeAll, expect, test } from 'vitest'
import { transaction } from '../../../src/db/client.ts'
import { channels, type Listener } from '../../../src/db/listener.ts'
import { Worker } from '../../../src/engine/execution/worker.ts'
import { cancelRun } from '../../../src/engine/runs/cancel-run.ts'
import { resumeRun } from '../../../src/engine/runs/reopen-run.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { updateRun } from '../../../src/engine/runs/update-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../../helpers/engine.ts'
import { recordStatements } from '../../helpers/statements.ts'

let t: TestEngine
let open = Promise.withResolvers<void>()
const calls = { running: 0, max: 0, begun: 0 }

beforeAll(async () => {
  t = await createTestEngine({
    tasks: [
      { name: 'echo', run: (input) => input },
      {
        name: 'gated',
        run: async (input) => {
          calls.begun += 1
          calls.running += 1
          calls.max = Math.max(calls.max, calls.running)
          await open.promise
          calls.running -= 1
          return input
        },
      },
    ],
  })
})
afterAll(() => t[Symbol.asyncDispose]())

async function experiment(task: string, size: number, settings = {}): Promise<string> {
  const inputs = Array.from({ length: size }, (_, n) => n)
  return seedExperiment(t, await seedDataset(t, inputs), { kind: 'module', name: task }, settings)
}

test('a worker loads the plan of a run once, however many of its lanes it holds', async () => {
  const experimentId = await experiment('echo', 2_000, { concurrency: 80 })
  const worker = await t.startWorker()
  const [run, statements] = await recordStatements(async () => {
    const { id } = await startRun(t.services, t.scope, { experimentId })
    return (await followRun(t, id)).run
  })
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 2_000 })
  const matching = (part: string) => statements.filter((statement) => statement.includes(part)).length
  expect(matching('UPDATE run_lane SET lease')).toBe(8)
  // At the start of the run, and by the worker.
  expect(matching('FROM run_evaluator re')).toBe(2)
  await worker.stop()
})

test('a run that is changed and reopened while a worker still holds it follows its new settings', async () => {
  Object.assign(calls, { running: 0, max: 0, begun: 0 })
  open = Promise.withResolvers()
  const worker = await t.startWorker()
  // Without a known cost a budget allows one call at a time.
  const experimentId = await experiment('gated', 60, { concurrency: 2, budgetUsd: 5 })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  await expect.poll(() => calls.begun).toBe(1)

  // While its job cannot be completed, the worker keeps the cancelled lane, and with it the run's execution.
  const [, statements] = await recordStatements(() =>
    transaction(t.db.pool, async (client) => {
      await client.query(`SELECT FROM pgboss.job WHERE data ->> 'runId' = $1 FOR UPDATE`, [id])
      await cancelRun(t.services, t.scope, id)
      await updateRun(t.services, t.scope, { id, concurrency: 25, budgetUsd: null })
      Object.assign(calls, { running: 0, max: 0, begun: 0 })
      await resumeRun(t.services, t.scope, id)
      await expect.poll(() => calls.begun).toBe(25)
    }),
  )
  expect(statements.filter((statement) => statement.includes('FROM run_evaluator'))).toEqual([])
  await updateRun(t.services, t.scope, { id, concurrency: 31 })
  await expect.poll(() => calls.begun).toBe(31)
  open.resolve()
  const { run } = await followRun(t, id)
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 60, cancelled: 0 })
  expect(calls.max).toBe(31)
  await worker.stop()
  expect(worker.load).toMatchObject({ lanes: 0, used: 0, items: 0, unwritten: 0 })
})

test('a run that starts just as a worker finishes fetching is still fetched', async () => {
  // Between the last check for requests and the end of the fetch there are a few microtasks: try each of them.
  for (let moment = 0; moment < 20; moment += 1) {
    let fetches = 0
    let laneWaits = () => {}
    const listener = {
      on: (channel: string, onMessage: () => void) => {
        if (channel === channels.lane) laneWaits = onMessage
        return () => {}
      },
    } as unknown as Listener
    let asked = Number.NaN
    const fetch = async () => {
      fetches += 1
      if (fetches === 2) {
        let left = moment
        const next = () => {
          if (left > 0) {
            left -= 1
            return queueMicrotask(next)
          }
          laneWaits()
          asked = fetches
        }
        next()
      }
      return []
    }
    const worker = new Worker({ ...t.services, boss: { fetch } as never }, listener).start()
    await new Promise((resolve) => setImmediate(resolve))
    expect(asked).not.toBeNaN()
    expect([moment, fetches > asked]).toEqual([moment, true])
    await worker.stop()
  }
})
