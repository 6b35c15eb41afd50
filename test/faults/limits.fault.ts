/** Limits and overload as seen by the endpoint, with workers in their own processes. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { HttpTaskSpec } from '../../src/domain/execution/http-task.ts'
import { setEndpointLimit } from '../../src/engine/limits/set-endpoint-limit.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { type CountingEndpoint, startEndpoint } from '../engine/limits/counting-endpoint.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'
import { spawnAssay } from '../helpers/spawn-assay.ts'

let t: TestEngine

beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

async function openEndpoint(ms: number): Promise<CountingEndpoint> {
  const endpoint = await startEndpoint(ms)
  onTestFinished(() => endpoint[Symbol.asyncDispose]())
  return endpoint
}

async function spawnWorkers(count: number, slots: number): Promise<void> {
  const env = { DATABASE_URL: t.db.url, ASSAY_ALLOW_PRIVATE_ENDPOINTS: 'true' }
  const workers = Array.from({ length: count }, () => spawnAssay(['worker', '--slots', String(slots)], { env }))
  await Promise.all(workers.map((worker) => worker.says(/worker is ready/)))
}

async function start(endpoint: CountingEndpoint, items: number, concurrency: number): Promise<string> {
  const task: HttpTaskSpec = {
    kind: 'http',
    url: endpoint.url,
    method: 'POST',
    headers: {},
    body: null,
    outputPath: null,
    costPath: null,
    inputTokensPath: null,
    outputTokensPath: null,
  }
  const datasetId = await seedDataset(
    t,
    Array.from({ length: items }, (_, n) => n),
  )
  const experimentId = await seedExperiment(t, datasetId, task, { concurrency, maxAttempts: 10 })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  return id
}

test('3 workers with 100 slots each keep to a limit of 5, and use it', async () => {
  const endpoint = await openEndpoint(50)
  await setEndpointLimit(t.services, t.scope, { endpoint: endpoint.url, concurrency: 5 })
  await spawnWorkers(3, 100)
  const run = await start(endpoint, 1_000, 300)
  await expect.poll(() => endpoint.gauge.inFlight, { timeout: 10_000 }).toBe(5)
  endpoint.gauge.reset()
  expect((await followRun(t, run)).run).toMatchObject({ status: 'COMPLETED', succeeded: 1_000 })
  const { max, mean } = endpoint.gauge
  console.log(`limit 5, 3 workers × 100 slots, 50 ms a call: at most ${max} at once, ${mean.toFixed(2)} on average`)
  expect(max).toBe(5)
  expect(mean).toBeGreaterThanOrEqual(4.5)
})

test('after 429 with Retry-After no call is early, and the throughput recovers', async () => {
  const burst = await refuseForAWhile({ 'retry-after': String(burstMs / 1_000) })
  console.log(`429 with Retry-After ${burstMs} ms: ${burst.early} early calls; ${burst.report}`)
  expect(burst.early).toBe(0)
  expect(burst.after / burst.before).toBeGreaterThanOrEqual(0.9)
})

test('after a burst of 429 without Retry-After the throughput recovers', async () => {
  const burst = await refuseForAWhile({})
  console.log(`429 for ${burstMs} ms: ${burst.report}`)
  expect(burst.after / burst.before).toBeGreaterThanOrEqual(0.9)
})

const burstMs = 2_000

/** Makes an endpoint refuse all calls for {@link burstMs} during a run on two workers. Rates are calls per second. */
async function refuseForAWhile(headers: Record<string, string>) {
  const latencyMs = 100
  const endpoint = await openEndpoint(latencyMs)
  await spawnWorkers(2, 100)
  let refusing = false
  let refusedAt = Infinity
  let refused = 0
  endpoint.refuse = (arrivedAt) => {
    if (!refusing || arrivedAt >= refusedAt + burstMs) return null
    refusedAt = Math.min(refusedAt, arrivedAt)
    refused += 1
    return { status: 429, headers }
  }
  const { starts } = endpoint.gauge
  const rate = (from: number, to: number) => starts.filter((at) => at >= from && at < to).length / ((to - from) / 1_000)
  const passed = (at: number) => expect.poll(() => performance.now() > at, { timeout: 30_000 }).toBe(true)

  const run = await start(endpoint, 6_000, 40)
  await expect.poll(() => endpoint.gauge.inFlight, { timeout: 10_000 }).toBe(40)
  const steady = performance.now() + 500
  await passed(steady + 3_000)
  const before = rate(steady, steady + 3_000)
  refusing = true
  await expect.poll(() => refusedAt).toBeLessThan(Infinity)
  const over = refusedAt + burstMs
  await passed(over + 7_000)

  const after = rate(over + 4_000, over + 7_000)
  const tenths = Array.from({ length: 60 }, (_, tenth) => tenth / 10)
  const recovered = tenths.find((s) => rate(over + 1_000 * s, over + 1_000 * (s + 1)) >= 0.9 * before)
  expect((await followRun(t, run)).run).toMatchObject({ status: 'COMPLETED', succeeded: 6_000 })
  return {
    before,
    after,
    // A call in flight at the first refusal is not early; a call that started after its worker had seen it is.
    early: starts.filter((at) => at > refusedAt + latencyMs && at < over).length,
    report:
      `${refused} refused, ${before.toFixed(0)} calls/s before, ${after.toFixed(0)} after ` +
      `(${((100 * after) / before).toFixed(0)} %), 90 % again after ${recovered?.toFixed(1)} s`,
  }
}
