/** Programs that use the client, as processes that are killed, share a run, or lose the network. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeGlobalId } from '../../schema/relay/global-id.ts'
import { Assay } from '../../src/client/index.ts'
import { openProxy } from '../helpers/cut-proxy.ts'
import { auditRun } from '../helpers/fault-lab.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { root, spawnNode } from '../helpers/spawn-assay.ts'

let t: TestServer
let assay: Assay
beforeAll(async () => {
  t = await startTestServer()
  assay = new Assay({ url: t.url })
})
afterAll(() => t[Symbol.asyncDispose]())

const program = join(root, 'test/client/program.ts')

/** Starts a program that runs an experiment on `items` local items, and says what came of it as JSON. */
function start(name: string, runName: string, items: number, ms: number, url = t.url) {
  return spawnNode([program, url, name, runName, String(items), String(ms)])
}

async function resultOf(spawned: ReturnType<typeof start>) {
  const [, json = ''] = await spawned.says(/^result (.*)$/m)
  return JSON.parse(json) as { runId: string; items: number; executed: number; sum: number; scored: number }
}

/** The items that have ended. */
async function finishedItems(name: string): Promise<number> {
  const { rows } = await t.db.pool.query<{ succeeded: number }>(
    'SELECT r.succeeded FROM run r JOIN experiment e ON e.id = r.experiment_id WHERE e.name = $1',
    [name],
  )
  return rows[0]?.succeeded ?? 0
}

const rawRunId = (runId: string) => decodeGlobalId(runId).id

test('killed in the middle of 2,000 items and run again under the same name, all have one result each', async () => {
  const name = 'killed'
  const first = start(name, 'the run', 2_000, 40)
  await expect.poll(() => finishedItems(name)).toBeGreaterThan(500)
  first.process.kill('SIGKILL')
  await first.exited
  const before = await finishedItems(name)
  expect(before).toBeLessThan(2_000)
  // As after the 15 seconds for which the server keeps the items of a process that says nothing.
  await t.db.pool.query("UPDATE run_lane SET expires_at = now() - interval '1 s'")

  const { runId, items, executed, sum, scored } = await resultOf(start(name, 'the run', 2_000, 0))
  expect({ items, sum, scored }).toEqual({ items: 2_000, sum: 2_000 * 1_999, scored: 2_000 })
  // Some may have been recorded and not yet scored when the process died.
  expect(executed).toBeGreaterThan(0)
  expect(executed).toBeLessThanOrEqual(2_000 - before)
  expect(await auditRun(t, rawRunId(runId))).toMatchObject({
    ...{ items: 2_000, succeeded: 2_000, leased: 0, scores: 2_000, scored: 2_000, summarized: 2_000 },
    run: { status: 'COMPLETED', succeeded: 2_000 },
  })
})

test('two processes at once on one run execute each item once, and both have all results', async () => {
  // Long enough that neither has ended before the other has started.
  const programs = [start('shared', 'together', 600, 400), start('shared', 'together', 600, 400)]
  const [one, two] = await Promise.all(programs.map(resultOf))
  expect(one?.runId).toBe(two?.runId)
  expect([one?.items, two?.items, one?.sum, two?.sum]).toEqual([600, 600, 600 * 599, 600 * 599])
  expect((one?.executed ?? 0) + (two?.executed ?? 0)).toBe(600)
  expect(one?.executed).toBeGreaterThan(0)
  expect(two?.executed).toBeGreaterThan(0)
  expect(await auditRun(t, rawRunId(one?.runId ?? ''))).toMatchObject({ succeeded: 600, scores: 600, summarized: 600 })
})

test('without a network for a while, also for longer than its items are kept, nothing is lost or executed twice', async () => {
  const proxy = await openProxy(new URL(t.url))
  const name = 'offline'
  const program = start(name, 'a run', 800, 40, proxy.url)
  await expect.poll(() => finishedItems(name)).toBeGreaterThan(100)
  proxy.cut()
  await t.db.pool.query("UPDATE run_lane SET expires_at = now() - interval '1 s'")
  // What arrived before may still be recorded. What it has claimed is executed meanwhile; nothing of that arrives.
  await expect.poll(() => proxy.refused).toBeGreaterThan(2)
  const before = await finishedItems(name)
  await expect.poll(() => proxy.refused).toBeGreaterThan(5)
  expect(await finishedItems(name)).toBe(before)
  proxy.restore()
  const { runId, items, executed, sum } = await resultOf(program)
  expect({ items, executed, sum }).toEqual({ items: 800, executed: 800, sum: 800 * 799 })
  expect(await auditRun(t, rawRunId(runId))).toMatchObject({
    succeeded: 800,
    scores: 800,
    run: { status: 'COMPLETED' },
  })
})

test('a run that is cancelled aborts what is executed, and results that are left are CANCELLED', async () => {
  const aborted: unknown[] = []
  let started = 0
  const experiment = assay.runExperiment({
    name: 'cancelled',
    data: Array.from({ length: 20 }, (_, input) => ({ input })),
    maxConcurrency: 4,
    task: (_, { signal }) => {
      started += 1
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted.push(signal.reason)
          reject(signal.reason)
        })
      })
    },
  })
  await expect.poll(() => started).toBe(4)
  for await (const run of assay.runs.list()) {
    if (run.experiment.name === 'cancelled') await run.cancel()
  }
  const { status, itemResults } = await experiment
  expect(status).toBe('CANCELLED')
  expect(aborted).toHaveLength(4)
  expect(itemResults.map((item) => item.status)).toEqual(Array.from({ length: 20 }, () => 'CANCELLED'))
})

test('an aborted experiment keeps its results, gives the rest back at once and is continued by its name', async () => {
  const controller = new AbortController()
  const data = Array.from({ length: 10 }, (_, input) => ({ input }))
  const executed: number[] = []
  const run = (signal?: AbortSignal) =>
    assay.runExperiment({
      name: 'aborted',
      runName: 'one',
      version: '1',
      data,
      maxConcurrency: 1,
      ...(signal && { signal }),
      task: ({ input }) => {
        executed.push(input)
        if (executed.length === 4) controller.abort(new Error('enough'))
        return input
      },
    })
  await expect(run(controller.signal)).rejects.toThrow('enough')
  const { itemResults, status } = await run()
  expect(status).toBe('COMPLETED')
  expect(itemResults.map(({ output }) => output)).toEqual(data.map(({ input }) => input))
  // Only what was interrupted is executed again.
  expect(executed).toHaveLength(11)
})

test('the name of an unfinished run refuses other code, and that of a finished one starts another', async () => {
  const data = [{ input: 1 }, { input: 2 }]
  const controller = new AbortController()
  const run = (version: string, signal?: AbortSignal) =>
    assay.runExperiment({
      name: 'versions',
      runName: 'one',
      version,
      data,
      ...(signal && { signal }),
      task: ({ input }) => {
        if (signal) controller.abort(new Error('enough'))
        return input
      },
    })
  await expect(run('a', controller.signal)).rejects.toThrow('enough')
  await expect(run('b')).rejects.toThrow('unfinished and executes something else: the task was')
  const first = await run('a')
  const second = await run('b')
  expect(second.runId).not.toBe(first.runId)
})
