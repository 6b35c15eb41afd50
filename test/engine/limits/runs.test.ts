import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { HttpTaskSpec } from '../../../src/domain/execution/http-task.ts'
import { defaultRunSettings, type RunSettings } from '../../../src/domain/run.ts'
import { setEndpointLimit } from '../../../src/engine/limits/set-endpoint-limit.ts'
import { cancelRun } from '../../../src/engine/runs/cancel-run.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../../helpers/engine.ts'
import { type CountingEndpoint, startEndpoint } from './counting-endpoint.ts'

let t: TestEngine

beforeAll(async () => {
  t = await createTestEngine({ tasks: [{ name: 'echo', run: (input) => input }] })
})
afterAll(() => t[Symbol.asyncDispose]())

async function openEndpoint(ms: number): Promise<CountingEndpoint> {
  const endpoint = await startEndpoint(ms)
  onTestFinished(() => endpoint[Symbol.asyncDispose]())
  return endpoint
}

async function startWorkers(count: number, slots: number) {
  const workers = await Promise.all(Array.from({ length: count }, () => t.startWorker({ slots, drainMs: 20_000 })))
  onTestFinished(async () => {
    await Promise.all(workers.map((worker) => worker.stop()))
  })
  return workers
}

/** Starts a run that calls the endpoint; without one its task is an echo. */
async function start(endpoint: CountingEndpoint | null, items: number, settings: Partial<RunSettings> = {}) {
  const http: HttpTaskSpec = {
    kind: 'http',
    url: `${endpoint?.url}/answer/{{input}}`,
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
  const task = endpoint ? http : ({ kind: 'module', name: 'echo' } as const)
  const experimentId = await seedExperiment(t, datasetId, task, { ...defaultRunSettings, ...settings })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  onTestFinished(async () => {
    await cancelRun(t.services, t.scope, id).catch(() => {})
  })
  return id
}

test('workers with far more slots keep to the concurrency limit of an endpoint, and use it', async () => {
  const endpoint = await openEndpoint(100)
  await setEndpointLimit(t.services, t.scope, { endpoint: `${endpoint.url}/answer`, concurrency: 5 })
  await startWorkers(3, 100)
  endpoint.gauge.reset()
  const run = await start(endpoint, 200, { concurrency: 300 })
  expect((await followRun(t, run)).run).toMatchObject({ status: 'COMPLETED', succeeded: 200 })
  expect(endpoint.gauge.max).toBe(5)
  // How close it gets to 5 depends on the load of the machine; test/faults prints the figure.
  expect(endpoint.gauge.mean).toBeGreaterThan(3)
})

test('a run that waits for its endpoint leaves the slots of its worker to other runs', async () => {
  const endpoint = await openEndpoint(Infinity)
  await setEndpointLimit(t.services, t.scope, { endpoint: endpoint.url, concurrency: 1 })
  const [worker] = await startWorkers(1, 20)
  const blocked = await start(endpoint, 1_000, { concurrency: 200 })
  await expect.poll(() => endpoint.gauge.inFlight).toBe(1)
  const waiting = () => worker?.limits.states().find((state) => state.endpoint === endpoint.url)?.waiting
  await expect.poll(waiting).toBeGreaterThanOrEqual(19)
  expect(worker?.load.used).toBe(1)
  const other = await followRun(t, await start(null, 500, { concurrency: 100 }))
  expect(other.run).toMatchObject({ status: 'COMPLETED', succeeded: 500 })
  // Cancelling reaches waiting items as well as calls in flight.
  await cancelRun(t.services, t.scope, blocked)
  await expect.poll(() => worker?.load).toMatchObject({ lanes: 0, used: 0 })
})

test('an endpoint that never answers does not block other runs', async () => {
  const endpoint = await openEndpoint(Infinity)
  await startWorkers(1, 20)
  await start(endpoint, 1_000, { concurrency: 200 })
  await expect.poll(() => endpoint.gauge.inFlight).toBe(20)
  const other = await followRun(t, await start(null, 300, { concurrency: 50 }))
  expect(other.run).toMatchObject({ status: 'COMPLETED', succeeded: 300 })
})

test('after a 429 with Retry-After no call starts before its end, and no refused call counts as an attempt', async () => {
  const endpoint = await openEndpoint(10)
  await startWorkers(2, 50)
  let refusedAt = 0
  endpoint.refuse = (arrivedAt) => {
    if (endpoint.gauge.starts.length <= 40 || (refusedAt > 0 && arrivedAt > refusedAt + 2_000)) return null
    refusedAt ||= arrivedAt
    return { status: 429, headers: { 'retry-after': '2' } }
  }
  const { run, items } = await followRun(t, await start(endpoint, 300, { concurrency: 40, maxAttempts: 1 }))
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 300 })
  expect(Math.max(...[...items.values()].map((item) => item.attempts))).toBeGreaterThan(1)
  expect(refusedAt).toBeGreaterThan(0)
  // Calls in flight when the first 429 arrived do not count.
  const early = endpoint.gauge.starts.filter((at) => at > refusedAt + 1_000 && at < refusedAt + 2_000)
  expect(early).toEqual([])
})

test('a worker that stops does not wait for a limit', async () => {
  const endpoint = await openEndpoint(10)
  await setEndpointLimit(t.services, t.scope, { endpoint: endpoint.url, requestsPerMinute: 1 })
  const [worker] = await startWorkers(1, 20)
  const run = await start(endpoint, 10)
  await expect.poll(() => endpoint.gauge.starts.length).toBe(1)
  const stopped = await Promise.race([worker?.stop().then(() => true), setTimeout(15_000, false, { ref: false })])
  expect(stopped).toBe(true)
  const items = await t.db.prisma.runItem.groupBy({ by: ['status'], where: { runId: run }, _count: true })
  expect(Object.fromEntries(items.map((row) => [row.status, row._count]))).toEqual({ SUCCEEDED: 1, QUEUED: 9 })
})
