/** Cancelling a large run that several workers execute. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cancelRun } from '../../src/engine/runs/cancel-run.ts'
import { createTestEngine, type TestEngine } from '../helpers/engine.ts'
import { auditRun, figure, spawnEndpoint, spawnWorker, startEndpointRun } from '../helpers/fault-lab.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

test('one second after a run of 10,000 items on 3 workers is cancelled, it makes no more calls', async () => {
  const size = 10_000
  const endpoint = await spawnEndpoint()
  await Promise.all([1, 2, 3].map(() => spawnWorker(t.db.url, 100)))
  const settings = { concurrency: 300, timeoutMs: 30_000 }
  const runId = await startEndpointRun(t, endpoint, { items: size, path: '/answer?ms=3000', settings })
  await expect
    .poll(async () => (await endpoint.calls()).filter((call) => call.endedAt === null).length, { timeout: 30_000 })
    .toBe(300)

  const cancelledAt = Date.now()
  const cancelled = await cancelRun(t.services, t.scope, runId)
  const answeredMs = Date.now() - cancelledAt
  await delay(5_000)
  const calls = await endpoint.calls()
  const late = calls.filter((call) => call.startedAt > cancelledAt + 1_000)
  const inFlight = calls.filter(
    ({ startedAt, endedAt }) => startedAt <= cancelledAt && (endedAt ?? Infinity) > cancelledAt,
  )
  const lastCall = Math.max(...calls.map((call) => call.startedAt)) - cancelledAt
  const lastEnd = Math.max(...inFlight.map((call) => call.endedAt ?? Infinity)) - cancelledAt
  figure(
    `cancelled in ${answeredMs} ms; the last call began ${lastCall} ms after it was asked, ` +
      `the last of ${inFlight.length} in flight was aborted after ${lastEnd} ms`,
  )
  expect(cancelled).toMatchObject({ status: 'CANCELLED', queued: 0, running: 0 })
  expect(late).toEqual([])
  expect(inFlight.length).toBeGreaterThan(200)
  expect(lastEnd).toBeLessThanOrEqual(1_000)
  const audit = await auditRun(t, runId)
  expect(audit).toMatchObject({ items: size, leased: 0, failed: 0, run: { status: 'CANCELLED', total: size } })
  expect(audit.run.cancelled + audit.run.succeeded).toBe(size)
  expect(audit.cancelled).toBe(audit.run.cancelled)
})
