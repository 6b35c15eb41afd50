import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CallOutcome, Permit } from '../../../src/engine/limits/permit.ts'
import { ShiftedClock } from './clocks.ts'
import { Gauge } from './gauge.ts'
import { callInLoop, createProcesses, newEndpoint, ok, type Processes, stateOf } from './processes.ts'

let t: Processes

beforeAll(async () => {
  t = await createProcesses()
})
afterAll(() => t[Symbol.asyncDispose]())

describe('an endpoint without limits', () => {
  test('grants permits at once, without a statement', async () => {
    const endpoint = newEndpoint()
    const limits = await t.start()
    await t.acquire(limits, endpoint)
    const permits = Array.from({ length: 1_000 }, () => t.acquire(limits, endpoint))
    for (const permit of permits) {
      expect(permit).not.toBeInstanceOf(Promise)
      expect((permit as Permit).isValid()).toBe(true)
      ;(permit as Permit).release(ok)
    }
    expect(stateOf(limits, endpoint)).toMatchObject({ inUse: 1, waiting: 0, adaptiveLimit: null, permits: null })
    expect(await t.grants(endpoint)).toEqual([])
    expect(await t.db.prisma.endpointPace.count({ where: { endpoint } })).toBe(0)
  })

  test('halves its concurrency when it is overloaded, and recovers', async () => {
    const endpoint = newEndpoint()
    const limits = await t.start()
    await t.acquire(limits, endpoint)
    const permits = t.collect(limits, endpoint, 15)
    await expect.poll(() => permits.length).toBe(15)
    for (const permit of permits) permit.release({ kind: 'OVERLOADED', retryAfterMs: null, tokens: null })
    expect(stateOf(limits, endpoint)).toMatchObject({ inUse: 1, adaptiveLimit: 8 })
    const stop = new AbortController()
    const gauge = new Gauge()
    const calls = { projectId: t.projectId, endpoint, concurrency: 20, signal: stop.signal }
    const calling = callInLoop(limits, calls, async () => {
      await gauge.call(10)
      return ok
    })
    await expect.poll(() => gauge.max).toBeGreaterThanOrEqual(18)
    stop.abort()
    await calling
  })
})

describe('a pause that the endpoint requested', () => {
  const pause = (retryAfterMs: number): CallOutcome => ({ kind: 'OVERLOADED', retryAfterMs, tokens: null })

  test('stops the calls of all processes until its end, also of one that starts meanwhile', async () => {
    const endpoint = newEndpoint()
    const [a, b] = await Promise.all([t.start(), t.start()])
    const [first, other] = [await t.acquire(a, endpoint), await t.acquire(b, endpoint)]
    other?.release(ok)
    const until = performance.now() + 1_000
    first?.release(pause(1_000))
    const resumed = [Promise.resolve(t.acquire(a, endpoint)).then(() => performance.now())]
    await expect.poll(() => stateOf(b, endpoint)?.pausedMs).toBeGreaterThan(0)
    resumed.push(Promise.resolve(t.acquire(b, endpoint)).then(() => performance.now()))
    const c = await t.start()
    resumed.push(Promise.resolve(t.acquire(c, endpoint)).then(() => performance.now()))
    for (const at of await Promise.all(resumed)) {
      // The database measures it with another clock.
      expect(at).toBeGreaterThan(until - 50)
      // Before the next time that they look, which is every 5 s.
      expect(at).toBeLessThan(until + 3_900)
    }
  })

  test('invalidates permits that are not used yet', async () => {
    const endpoint = newEndpoint()
    const limits = await t.start()
    const [first, second] = [await t.acquire(limits, endpoint), await t.acquire(limits, endpoint)]
    expect(second?.isValid()).toBe(true)
    first?.release(pause(60_000))
    expect(second?.isValid()).toBe(false)
  })

  test('is ignored when it is longer than an hour', async () => {
    const endpoint = newEndpoint()
    const limits = await t.start()
    const permit = await t.acquire(limits, endpoint)
    permit?.release(pause(3_600_001))
    expect(stateOf(limits, endpoint)?.pausedMs).toBe(0)
  })
})

test('an unavailable database stops new calls of limited endpoints only', async () => {
  await using own = await createProcesses()
  const limited = newEndpoint()
  const free = newEndpoint()
  await own.setLimit(limited, { concurrency: 2 })
  const clock = new ShiftedClock()
  const limits = await own.start({ clock })
  const call = (endpoint: string) => own.acquire(limits, endpoint)
  const permit = await call(limited)
  await own.db.pool.query('ALTER TABLE endpoint_grant RENAME TO endpoint_grant_away')
  clock.ahead = 9_500
  expect(permit?.isValid()).toBe(false)
  permit?.release(ok)
  const waiting = Promise.resolve(call(limited))
  expect(call(free)).not.toBeInstanceOf(Promise)
  expect(stateOf(limits, limited)).toMatchObject({ waiting: 1, permits: 0 })
  await own.db.pool.query('ALTER TABLE endpoint_grant_away RENAME TO endpoint_grant')
  expect((await waiting)?.isValid()).toBe(true)
})
