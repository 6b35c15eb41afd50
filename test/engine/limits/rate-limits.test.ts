import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ShiftedClock } from './clocks.ts'
import { Gauge } from './gauge.ts'
import { callInLoop, createProcesses, newEndpoint, ok, type Processes } from './processes.ts'

let t: Processes

beforeAll(async () => {
  t = await createProcesses()
})
afterAll(() => t[Symbol.asyncDispose]())

describe('limits per minute', () => {
  test('pace the requests of all processes together', async () => {
    const endpoint = newEndpoint()
    await t.setLimit(endpoint, { requestsPerMinute: 3_000 })
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
    // 50 per second, and at most one second's worth more: a slot may be used that late.
    for (const [index, start] of starts.entries()) {
      const within = starts.filter((other) => other >= start && other < start + 1_000).length
      expect(within, `from call ${index}`).toBeLessThanOrEqual(100)
    }
    expect(starts.length / 4).toBeGreaterThan(40)
    expect(starts.length / 4).toBeLessThan(52)
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
    const signal = AbortSignal.timeout(5_000)
    const made = await Promise.all(
      processes.map((limits) =>
        callInLoop(limits, { projectId: t.projectId, endpoint, concurrency: 20, signal }, async () => {
          await gauge.call(20)
          return { ...ok, tokens: 10 }
        }),
      ),
    )
    const total = made.reduce((sum, n) => sum + n, 0)
    expect(total).toBeGreaterThan(35)
    expect(total).toBeLessThan(60)
  })

  test('make all processes wait for the excess tokens of one call', async () => {
    const endpoint = newEndpoint()
    await t.setLimit(endpoint, { tokensPerMinute: 6_000 })
    const [a, b] = await Promise.all([t.start(), t.start()])
    const first = await t.acquire(a, endpoint)
    first?.release({ ...ok, tokens: 200 })
    // Two seconds' worth is spent.
    await expect
      .poll(() => t.db.prisma.endpointPace.findFirst({ where: { endpoint } }))
      .toMatchObject({
        tokensAt: expect.toSatisfy((at: Date) => at.getTime() > Date.now() + 1_000),
      })
    const asked = performance.now()
    const second = await t.acquire(b, endpoint)
    expect(performance.now() - asked).toBeGreaterThan(1_000)
    expect(second?.isValid()).toBe(true)
  })
})
