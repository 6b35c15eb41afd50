import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { channels } from '../../../src/db/listener.ts'
import type { EndpointLimits } from '../../../src/engine/limits/endpoint-limits.ts'
import type { CallOutcome, Permit } from '../../../src/engine/limits/permit.ts'
import { Gauge } from './gauge.ts'
import { callInLoop, createProcesses, ok, type Processes } from './processes.ts'

let t: Processes

beforeAll(async () => {
  t = await createProcesses()
})
afterAll(() => t[Symbol.asyncDispose]())

const never = new AbortController().signal
let endpoints = 0
function newEndpoint(): string {
  endpoints += 1
  return `http://endpoint-${endpoints}`
}

interface Limit {
  concurrency?: number
  requestsPerMinute?: number
  tokensPerMinute?: number
}

async function setLimit(endpoint: string, limit: Limit): Promise<void> {
  const { projectId } = t
  const none = { concurrency: null, requestsPerMinute: null, tokensPerMinute: null }
  await t.db.prisma.endpointLimit.upsert({
    where: { projectId_endpoint: { projectId, endpoint } },
    create: { projectId, endpoint, ...limit },
    update: { ...none, ...limit },
  })
  await t.db.pool.query('SELECT pg_notify($1, $2)', [channels.endpoint, ''])
}

function acquire(limits: EndpointLimits, endpoint: string, { runId = 'run', signal = never } = {}) {
  return limits.acquire({ projectId: t.projectId, endpoint, runId }, signal)
}

function stateOf(limits: EndpointLimits, endpoint: string) {
  return limits.states().find((state) => state.endpoint === endpoint)
}

async function call(gauge: Gauge, ms: number): Promise<void> {
  gauge.enter()
  await delay(ms)
  gauge.leave()
}

async function grants(endpoint: string) {
  return t.db.prisma.endpointGrant.findMany({ where: { endpoint } })
}

/** Takes permits until there are `count`; the others stay in the queue. */
function collect(limits: EndpointLimits, endpoint: string, count: number, signal: AbortSignal = never) {
  const permits: Permit[] = []
  for (let n = 0; n < count; n += 1) {
    void Promise.resolve(acquire(limits, endpoint, { signal })).then((permit) => permit && permits.push(permit))
  }
  return permits
}

describe('an endpoint without limits', () => {
  test('gives permits at once and asks nothing of the database', async () => {
    const endpoint = newEndpoint()
    const limits = await t.start()
    await acquire(limits, endpoint)
    const permits = Array.from({ length: 1_000 }, () => acquire(limits, endpoint))
    for (const permit of permits) {
      expect(permit).not.toBeInstanceOf(Promise)
      expect((permit as Permit).isValid()).toBe(true)
      ;(permit as Permit).release(ok)
    }
    expect(stateOf(limits, endpoint)).toMatchObject({ inUse: 1, waiting: 0, adaptiveLimit: null, permits: null })
    expect(await grants(endpoint)).toEqual([])
    expect(await t.db.prisma.endpointPace.count({ where: { endpoint } })).toBe(0)
  })

  test('halves its concurrency when it is overloaded and finds back', async () => {
    const endpoint = newEndpoint()
    const limits = await t.start()
    await acquire(limits, endpoint)
    const permits = collect(limits, endpoint, 15)
    await expect.poll(() => permits.length).toBe(15)
    for (const permit of permits) permit.release({ kind: 'OVERLOADED', retryAfterMs: null, tokens: null })
    expect(stateOf(limits, endpoint)).toMatchObject({ inUse: 1, adaptiveLimit: 8 })
    const stop = AbortSignal.timeout(1_000)
    const gauge = new Gauge()
    await callInLoop(limits, { projectId: t.projectId, endpoint, concurrency: 20, signal: stop }, async () => {
      await call(gauge, 10)
      return ok
    })
    expect(gauge.max).toBeGreaterThanOrEqual(18)
  })
})

describe('a concurrency limit', () => {
  test('holds over all processes, and is used in full', async () => {
    const endpoint = newEndpoint()
    await setLimit(endpoint, { concurrency: 5 })
    const processes = await Promise.all([t.start(), t.start(), t.start()])
    const gauge = new Gauge()
    const stop = new AbortController()
    const counts = processes.map((limits) =>
      callInLoop(limits, { projectId: t.projectId, endpoint, concurrency: 100, signal: stop.signal }, async () => {
        await call(gauge, 25)
        return ok
      }),
    )
    await expect.poll(() => gauge.inFlight).toBe(5)
    gauge.reset()
    setTimeout(() => stop.abort(), 4_000)
    const made = await Promise.all(counts)
    expect(gauge.max).toBe(5)
    expect(gauge.mean).toBeGreaterThan(4.5)
    // Five permits among three: whoever has one more changes every two seconds.
    expect(Math.min(...made) / Math.max(...made)).toBeGreaterThan(0.5)
    expect(processes.map((limits) => stateOf(limits, endpoint)?.waiting)).toEqual([0, 0, 0])
  })

  test('goes to the only process that wants it, and is shared as soon as another does', async () => {
    const endpoint = newEndpoint()
    await setLimit(endpoint, { concurrency: 4 })
    const [a, b] = await Promise.all([t.start(), t.start()])
    const first = collect(a, endpoint, 10)
    await expect.poll(() => first.length).toBe(4)
    const second = collect(b, endpoint, 10)
    await expect.poll(() => grants(endpoint)).toHaveLength(2)
    expect(second).toEqual([])
    // What ends from now on goes over until both have the same.
    for (const permit of first.splice(0)) permit.release(ok)
    await expect.poll(() => [first.length, second.length]).toEqual([2, 2])
  })

  test('smaller than the number of processes goes round', async () => {
    const endpoint = newEndpoint()
    await setLimit(endpoint, { concurrency: 1 })
    const processes = await Promise.all([t.start(), t.start(), t.start()])
    const gauge = new Gauge()
    const stop = new AbortController()
    const served = processes.map(() => 0)
    const loops = processes.map((limits, index) =>
      callInLoop(limits, { projectId: t.projectId, endpoint, concurrency: 3, signal: stop.signal }, async () => {
        served[index] = (served[index] ?? 0) + 1
        await call(gauge, 20)
        return ok
      }),
    )
    await expect.poll(() => Math.min(...served), { timeout: 15_000 }).toBeGreaterThan(0)
    stop.abort()
    await Promise.all(loops)
    expect(gauge.max).toBe(1)
  })

  test('that is no longer used is given back', async () => {
    const endpoint = newEndpoint()
    await setLimit(endpoint, { concurrency: 3 })
    const limits = await t.start()
    const permits = collect(limits, endpoint, 3)
    await expect.poll(() => permits.length).toBe(3)
    expect(await grants(endpoint)).toMatchObject([{ permits: 3 }])
    for (const permit of permits) permit.release(ok)
    await expect.poll(() => grants(endpoint)).toEqual([])
  })

  test('is given back by a process that stops', async () => {
    const endpoint = newEndpoint()
    await setLimit(endpoint, { concurrency: 1 })
    const [a, b] = await Promise.all([t.start(), t.start()])
    const held = await acquire(a, endpoint)
    const waiting = acquire(b, endpoint)
    held?.release(ok)
    await a.stop()
    expect((await waiting)?.isValid()).toBe(true)
  })

  test('of a process that died is free when its lease runs out, and the dead process knows', async () => {
    const endpoint = newEndpoint()
    await setLimit(endpoint, { concurrency: 2 })
    const clock = { ahead: 0 }
    const [stopped, other] = await Promise.all([t.start({ now: () => performance.now() + clock.ahead }), t.start()])
    const permits = collect(stopped, endpoint, 2)
    await expect.poll(() => permits.length).toBe(2)
    clock.ahead = 9_500
    expect(permits.map((permit) => permit.isValid())).toEqual([false, false])
    await t.db.pool.query(`UPDATE endpoint_grant SET expires_at = now() WHERE endpoint = $1`, [endpoint])
    expect((await acquire(other, endpoint))?.isValid()).toBe(true)
  })

  test('follows its configuration while calls are made', async () => {
    const endpoint = newEndpoint()
    const limits = await t.start()
    const gauge = new Gauge()
    const stop = new AbortController()
    const loop = callInLoop(
      limits,
      { projectId: t.projectId, endpoint, concurrency: 20, signal: stop.signal },
      async () => {
        await call(gauge, 10)
        return ok
      },
    )
    await expect.poll(() => gauge.inFlight).toBe(20)
    await setLimit(endpoint, { concurrency: 3 })
    await expect.poll(() => gauge.inFlight).toBe(3)
    await setLimit(endpoint, { concurrency: 7 })
    await expect.poll(() => gauge.inFlight).toBe(7)
    await t.db.prisma.endpointLimit.deleteMany({ where: { endpoint } })
    await t.db.pool.query('SELECT pg_notify($1, $2)', [channels.endpoint, ''])
    await expect.poll(() => gauge.inFlight).toBe(20)
    stop.abort()
    await loop
    await expect.poll(() => grants(endpoint)).toEqual([])
  })

  test('lets an item leave the queue at once when its run is cancelled', async () => {
    const endpoint = newEndpoint()
    await setLimit(endpoint, { concurrency: 1 })
    const limits = await t.start()
    await acquire(limits, endpoint)
    const cancelled = new AbortController()
    const waiting = acquire(limits, endpoint, { signal: cancelled.signal })
    expect(stateOf(limits, endpoint)?.waiting).toBe(1)
    cancelled.abort()
    expect(await waiting).toBeNull()
    expect(await acquire(limits, endpoint, { signal: cancelled.signal })).toBeNull()
    expect(stateOf(limits, endpoint)).toMatchObject({ waiting: 0, inUse: 1 })
  })

  test('lets runs take turns', async () => {
    const endpoint = newEndpoint()
    await setLimit(endpoint, { concurrency: 1 })
    const limits = await t.start()
    let held = await acquire(limits, endpoint)
    const order: string[] = []
    const queue = (runId: string) =>
      Promise.resolve(acquire(limits, endpoint, { runId })).then((permit) => {
        order.push(runId)
        held = permit
      })
    const waiting = [queue('large'), queue('large'), queue('large'), queue('small')]
    for (let served = 0; served < waiting.length; served += 1) {
      held?.release(ok)
      await expect.poll(() => order.length).toBe(served + 1)
    }
    expect(order).toEqual(['large', 'small', 'large', 'large'])
  })

  test('keeps nobody from another endpoint', async () => {
    const [blocked, free] = [newEndpoint(), newEndpoint()]
    await setLimit(blocked, { concurrency: 1 })
    const limits = await t.start()
    const permits = collect(limits, blocked, 500)
    await expect.poll(() => permits.length).toBe(1)
    expect(acquire(limits, free)).not.toBeInstanceOf(Promise)
  })
})

describe('a pause that the endpoint asked for', () => {
  const pause = (retryAfterMs: number): CallOutcome => ({ kind: 'OVERLOADED', retryAfterMs, tokens: null })

  test('keeps all processes from calling before it is over, also one that starts meanwhile', async () => {
    const endpoint = newEndpoint()
    const [a, b] = await Promise.all([t.start(), t.start()])
    const [first, other] = [await acquire(a, endpoint), await acquire(b, endpoint)]
    other?.release(ok)
    const until = performance.now() + 1_000
    first?.release(pause(1_000))
    const resumed = [Promise.resolve(acquire(a, endpoint)).then(() => performance.now())]
    await expect.poll(() => stateOf(b, endpoint)?.pausedMs).toBeGreaterThan(0)
    resumed.push(Promise.resolve(acquire(b, endpoint)).then(() => performance.now()))
    const c = await t.start()
    resumed.push(Promise.resolve(acquire(c, endpoint)).then(() => performance.now()))
    for (const at of await Promise.all(resumed)) {
      expect(at).toBeGreaterThanOrEqual(until)
      expect(at).toBeLessThan(until + 1_000)
    }
  })

  test('takes back permits that were not used yet', async () => {
    const endpoint = newEndpoint()
    const limits = await t.start()
    const [first, second] = [await acquire(limits, endpoint), await acquire(limits, endpoint)]
    expect(second?.isValid()).toBe(true)
    first?.release(pause(60_000))
    expect(second?.isValid()).toBe(false)
  })

  test('is not waited for when it is longer than an hour', async () => {
    const endpoint = newEndpoint()
    const limits = await t.start()
    const permit = await acquire(limits, endpoint)
    permit?.release(pause(3_600_001))
    expect(stateOf(limits, endpoint)?.pausedMs).toBe(0)
  })
})

describe('limits per minute', () => {
  test('pace the requests of all processes together', async () => {
    const endpoint = newEndpoint()
    await setLimit(endpoint, { requestsPerMinute: 3_000 })
    const processes = await Promise.all([t.start(), t.start(), t.start()])
    const starts: number[] = []
    const signal = AbortSignal.timeout(4_000)
    const made = await Promise.all(
      processes.map((limits) =>
        callInLoop(limits, { projectId: t.projectId, endpoint, concurrency: 50, signal }, async () => {
          starts.push(performance.now())
          return ok
        }),
      ),
    )
    starts.sort((x, y) => x - y)
    // 50 a second, and never more than a second's worth beyond: that is how late a slot may be used.
    for (const [index, start] of starts.entries()) {
      const within = starts.filter((other) => other >= start && other < start + 1_000).length
      expect(within, `from call ${index}`).toBeLessThanOrEqual(100)
    }
    expect(starts.length / 4).toBeGreaterThan(40)
    expect(starts.length / 4).toBeLessThan(52)
    expect(Math.min(...made)).toBeGreaterThan(0)
  })

  test('of one request let the second wait', async () => {
    const endpoint = newEndpoint()
    await setLimit(endpoint, { requestsPerMinute: 1 })
    const limits = await t.start()
    const signal = AbortSignal.timeout(1_500)
    const made = await callInLoop(limits, { projectId: t.projectId, endpoint, concurrency: 5, signal }, async () => ok)
    expect(made).toBe(1)
  })

  test('void a slot that is not used in time', async () => {
    const endpoint = newEndpoint()
    await setLimit(endpoint, { requestsPerMinute: 600 })
    const clock = { ahead: 0 }
    const limits = await t.start({ now: () => performance.now() + clock.ahead })
    const permit = await acquire(limits, endpoint)
    expect(permit?.isValid()).toBe(true)
    clock.ahead = 1_100
    expect(permit?.isValid()).toBe(false)
  })

  test('count the tokens that calls turn out to use', async () => {
    const endpoint = newEndpoint()
    // 100 tokens a second, 10 a call: 10 calls a second.
    await setLimit(endpoint, { tokensPerMinute: 6_000 })
    const processes = await Promise.all([t.start(), t.start()])
    const gauge = new Gauge()
    const signal = AbortSignal.timeout(5_000)
    const made = await Promise.all(
      processes.map((limits) =>
        callInLoop(limits, { projectId: t.projectId, endpoint, concurrency: 20, signal }, async () => {
          await call(gauge, 20)
          return { ...ok, tokens: 10 }
        }),
      ),
    )
    const total = made.reduce((sum, n) => sum + n, 0)
    expect(total).toBeGreaterThan(35)
    expect(total).toBeLessThan(60)
  })

  test('make everybody wait for what one call used too much', async () => {
    const endpoint = newEndpoint()
    await setLimit(endpoint, { tokensPerMinute: 6_000 })
    const [a, b] = await Promise.all([t.start(), t.start()])
    const first = await acquire(a, endpoint)
    first?.release({ ...ok, tokens: 200 })
    // Two seconds' worth is spent.
    await expect
      .poll(() => t.db.prisma.endpointPace.findFirst({ where: { endpoint } }))
      .toMatchObject({
        tokensAt: expect.toSatisfy((at: Date) => at.getTime() > Date.now() + 1_000),
      })
    const asked = performance.now()
    const second = await acquire(b, endpoint)
    expect(performance.now() - asked).toBeGreaterThan(1_000)
    expect(second?.isValid()).toBe(true)
  })
})

test('a database that is away stops new calls of limited endpoints only', async () => {
  await using own = await createProcesses()
  const limited = newEndpoint()
  const free = newEndpoint()
  await own.db.prisma.endpointLimit.create({ data: { projectId: own.projectId, endpoint: limited, concurrency: 2 } })
  const clock = { ahead: 0 }
  const limits = await own.start({ now: () => performance.now() + clock.ahead })
  const call = (endpoint: string) => limits.acquire({ projectId: own.projectId, endpoint, runId: 'run' }, never)
  const permit = await call(limited)
  await own.db.pool.query('ALTER TABLE endpoint_grant RENAME TO endpoint_grant_away')
  clock.ahead = 9_500
  expect(permit?.isValid()).toBe(false)
  permit?.release(ok)
  const waiting = Promise.resolve(call(limited))
  expect(call(free)).not.toBeInstanceOf(Promise)
  expect(limits.states().find((state) => state.endpoint === limited)).toMatchObject({ waiting: 1, permits: 0 })
  await own.db.pool.query('ALTER TABLE endpoint_grant_away RENAME TO endpoint_grant')
  expect((await waiting)?.isValid()).toBe(true)
})
