import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ShiftedClock } from './clocks.ts'
import { Gauge } from './gauge.ts'
import { callInLoop, createProcesses, newEndpoint, ok, type Processes } from './processes.ts'

let t: Processes

beforeAll(async () => {
  t = await createProcesses()
})
afterAll(() => t[Symbol.asyncDispose]())

// At the same time: they wait more than they work.
describe.concurrent('limits per minute', () => {
  test('pace the requests of all processes together', async () => {
    const endpoint = newEndpoint()
    await t.setLimit(endpoint, { requestsPerMinute: 3_000 })
    const processes = await Promise.all([t.start(), t.start(), t.start()])
    const starts: number[] = []
    const begunAt = performance.now()
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
    // 50 per second, and at most one second's worth more: a slot may be used that late.
    for (const [index, start] of starts.entries()) {
      const within = starts.filter((other) => other >= start && other < start + 1_000).length
      expect(within, `from call ${index}`).toBeLessThanOrEqual(100)
    }
    const seconds = ((starts.at(-1) ?? 0) - begunAt) / 1_000
    expect(starts.length / seconds).toBeGreaterThan(10)
    expect(starts.length / seconds).toBeLessThan(52)
    expect(Math.min(...made)).toBeGreaterThan(0)
  })

  test('of one request make the second wait', async () => {
    const endpoint = newEndpoint()
    await t.setLimit(endpoint, { requestsPerMinute: 1 })
    const limits = await t.start()
    const signal = AbortSignal.timeout(1_500)
    const made = await callInLoop(limits, { projectId: t.projectId, endpoint, concurrency: 5, signal }, async () => ok)
    expect(made).toBe(1)
  })

  test('void a slot that is not used in time', async () => {
    const endpoint = newEndpoint()
    await t.setLimit(endpoint, { requestsPerMinute: 600 })
    const clock = new ShiftedClock()
    const limits = await t.start({ clock })
    const permit = await t.acquire(limits, endpoint)
    expect(permit?.isValid()).toBe(true)
    clock.ahead = 1_100
    expect(permit?.isValid()).toBe(false)
  })

  test('count the tokens that calls have actually used', async () => {
    const endpoint = newEndpoint()
    // 100 tokens per second, 10 per call: 10 calls per second.
    await t.setLimit(endpoint, { tokensPerMinute: 6_000 })
    const processes = await Promise.all([t.start(), t.start()])
    const gauge = new Gauge()
    const begunAt = performance.now()
    const signal = AbortSignal.timeout(5_000)
    const made = await Promise.all(
      processes.map((limits) =>
        callInLoop(limits, { projectId: t.projectId, endpoint, concurrency: 20, signal }, async () => {
          await gauge.call(20)
          return { ...ok, tokens: 10 }
        }),
      ),
    )
    const perSecond = made.reduce((sum, n) => sum + n, 0) / ((performance.now() - begunAt) / 1_000)
    expect(perSecond).toBeGreaterThan(3)
    expect(perSecond).toBeLessThan(12)
  })

  test('make all processes wait for the excess tokens of one call', async ({ expect }) => {
    const endpoint = newEndpoint()
    await t.setLimit(endpoint, { tokensPerMinute: 6_000 })
    const [a, b] = await Promise.all([t.start(), t.start()])
    const first = await t.acquire(a, endpoint)
    const [releasedAt, date] = [performance.now(), Date.now()]
    first?.release({ ...ok, tokens: 200 })
    // Two seconds' worth is spent.
    await expect
      .poll(() => t.db.prisma.endpointPace.findFirst({ where: { endpoint } }))
      .toMatchObject({ tokensAt: expect.toSatisfy((at: Date) => at.getTime() > date + 1_000) })
    const second = await t.acquire(b, endpoint)
    expect(performance.now() - releasedAt).toBeGreaterThan(1_500)
    expect(second?.isValid()).toBe(true)
  })
})
