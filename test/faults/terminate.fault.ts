/** SIGTERM under load, as in a deployment: calls finish, the rest is requeued, nothing is called twice. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestEngine, followRun, type TestEngine } from '../helpers/engine.ts'
import { addEvaluator, auditRun, figure, spawnEndpoint, spawnWorker, startEndpointRun } from '../helpers/fault-lab.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
  await addEvaluator(t)
})
afterAll(() => t[Symbol.asyncDispose]())

/** For the drain deadline, the last writes and closing everything. */
const limitMs = 15_000

test('workers that are replaced one by one call every item once', async () => {
  const size = 6_000
  const endpoint = await spawnEndpoint()
  let workers = await Promise.all([1, 2].map(() => spawnWorker(t.db.url, 50)))
  const settings = { concurrency: 100, maxAttempts: 1 }
  const runId = await startEndpointRun(t, endpoint, { items: size, path: '/answer?ms=400', settings })
  await expect.poll(async () => (await endpoint.calls()).length, { timeout: 20_000 }).toBeGreaterThan(150)

  const took: number[] = []
  for (let round = 0; round < 3; round += 1) {
    const [oldest, ...others] = workers
    const successor = await spawnWorker(t.db.url, 50)
    await delay(200 + Math.random() * 500)
    const before = performance.now()
    oldest?.process.kill('SIGTERM')
    expect(await oldest?.exited).toBe(0)
    took.push(performance.now() - before)
    workers = [...others, successor]
  }
  const { succeeded = 0 } = await auditRun(t, runId)
  const { run } = await followRun(t, runId)
  const calls = await endpoint.calls()
  figure(
    `${took.length} workers terminated under load in ${took.map((ms) => (ms / 1_000).toFixed(1)).join(', ')} s; ` +
      `${calls.length - size} duplicate calls of ${size}`,
  )
  expect(succeeded, 'the run must outlast the replacements').toBeLessThan(size)
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: size, failed: 0 })
  expect(calls).toHaveLength(size)
  expect(Math.max(...took)).toBeLessThan(limitMs)
  expect(await auditRun(t, runId)).toMatchObject({
    items: size,
    succeeded: size,
    scores: size,
    summarized: size,
    leased: 0,
  })
})
