import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ShiftedClock } from './clocks.ts'
import { Gauge } from './gauge.ts'
import { callInLoop, createProcesses, newEndpoint, ok, type Processes, stateOf } from './processes.ts'

let t: Processes

beforeAll(async () => {
  t = await createProcesses()
})
afterAll(() => t[Symbol.asyncDispose]())

describe('a concurrency limit', () => {
  test('holds over all processes, and is used in full', async () => {
    const endpoint = newEndpoint()
    await t.setLimit(endpoint, { concurrency: 5 })
    const processes = await Promise.all([t.start(), t.start(), t.start()])
    const gauge = new Gauge()
    const stop = new AbortController()
    const made = processes.map(() => 0)
    const loops = processes.map((limits, index) =>
      callInLoop(limits, { projectId: t.projectId, endpoint, concurrency: 100, signal: stop.signal }, async () => {
        made[index] = (made[index] ?? 0) + 1
        await gauge.call(25)
        return ok
      }),
    )
    await expect.poll(() => gauge.inFlight).toBe(5)
    gauge.reset()
    made.fill(0)
    // Five permits for three processes: the process with only one, which would make half as many calls, changes.
    const fairness = () => (Math.min(...made) < 50 ? 0 : Math.min(...made) / Math.max(...made))
    await expect.poll(fairness, { timeout: 40_000 }).toBeGreaterThan(0.65)
    stop.abort()
    await Promise.all(loops)
    expect(gauge.max).toBe(5)
    // How close it gets to 5 depends on the load of the machine.
    expect(gauge.mean).toBeGreaterThan(3)
    expect(processes.map((limits) => stateOf(limits, endpoint)?.waiting)).toEqual([0, 0, 0])
  })

  test('goes to the only process with demand, and is shared as soon as another has some', async () => {
    const endpoint = newEndpoint()
    await t.setLimit(endpoint, { concurrency: 4 })
    const [a, b] = await Promise.all([t.start(), t.start()])
    const first = t.collect(a, endpoint, 10)
    await expect.poll(() => first.length).toBe(4)
    const second = t.collect(b, endpoint, 10)
    await expect.poll(() => stateOf(a, endpoint)?.permits).toBe(2)
    expect(second).toEqual([])
    // Permits of ended calls move until both have the same number.
    for (const permit of first.splice(0)) permit.release(ok)
    await expect.poll(() => [first.length, second.length]).toEqual([2, 2])
  })

  test('smaller than the number of processes rotates among them', async () => {
    const endpoint = newEndpoint()
    await t.setLimit(endpoint, { concurrency: 1 })
    const processes = await Promise.all([t.start(), t.start(), t.start()])
    const gauge = new Gauge()
    const stop = new AbortController()
    const served = processes.map(() => 0)
    const loops = processes.map((limits, index) =>
      callInLoop(limits, { projectId: t.projectId, endpoint, concurrency: 3, signal: stop.signal }, async () => {
        served[index] = (served[index] ?? 0) + 1
        await gauge.call(20)
        return ok
      }),
    )
    await expect.poll(() => Math.min(...served)).toBeGreaterThan(0)
    stop.abort()
    await Promise.all(loops)
    expect(gauge.max).toBe(1)
  })

  test('that is no longer used is released', async () => {
    const endpoint = newEndpoint()
    await t.setLimit(endpoint, { concurrency: 3 })
    const limits = await t.start()
    const permits = t.collect(limits, endpoint, 3)
    await expect.poll(() => permits.length).toBe(3)
    expect(await t.grants(endpoint)).toMatchObject([{ permits: 3 }])
    for (const permit of permits) permit.release(ok)
    await expect.poll(() => t.grants(endpoint)).toEqual([])
  })

  test('is released by a process that stops', async () => {
    const endpoint = newEndpoint()
    await t.setLimit(endpoint, { concurrency: 1 })
    const [a, b] = await Promise.all([t.start(), t.start()])
    const held = await t.acquire(a, endpoint)
    const waiting = t.acquire(b, endpoint)
    held?.release(ok)
    await a.stop()
    expect((await waiting)?.isValid()).toBe(true)
  })

  test('of a dead process is free when its lease expires, and the process itself stops using it', async () => {
    const endpoint = newEndpoint()
    await t.setLimit(endpoint, { concurrency: 2 })
    const clock = new ShiftedClock()
    const [stopped, other] = await Promise.all([t.start({ clock }), t.start()])
    const permits = t.collect(stopped, endpoint, 2)
    await expect.poll(() => permits.length).toBe(2)
    clock.ahead = 9_500
    expect(permits.map((permit) => permit.isValid())).toEqual([false, false])
    await t.db.pool.query(`UPDATE endpoint_grant SET expires_at = now() - interval '1 s' WHERE endpoint = $1`, [
      endpoint,
    ])
    expect((await t.acquire(other, endpoint))?.isValid()).toBe(true)
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
        await gauge.call(10)
        return ok
      },
    )
    await expect.poll(() => gauge.inFlight).toBe(20)
    await t.setLimit(endpoint, { concurrency: 3 })
    await expect.poll(() => gauge.inFlight).toBe(3)
    await t.setLimit(endpoint, { concurrency: 7 })
    await expect.poll(() => gauge.inFlight).toBe(7)
    await t.setLimit(endpoint, null)
    await expect.poll(() => gauge.inFlight).toBe(20)
    stop.abort()
    await loop
    await expect.poll(() => t.grants(endpoint)).toEqual([])
  })

  test('lets an item leave the queue at once when its run is cancelled', async () => {
    const endpoint = newEndpoint()
    await t.setLimit(endpoint, { concurrency: 1 })
    const limits = await t.start()
    await t.acquire(limits, endpoint)
    const cancelled = new AbortController()
    const waiting = t.acquire(limits, endpoint, { signal: cancelled.signal })
    expect(stateOf(limits, endpoint)?.waiting).toBe(1)
    cancelled.abort()
    expect(await waiting).toBeNull()
    expect(await t.acquire(limits, endpoint, { signal: cancelled.signal })).toBeNull()
    expect(stateOf(limits, endpoint)).toMatchObject({ waiting: 0, inUse: 1 })
  })

  test('is shared by runs in turns', async () => {
    const endpoint = newEndpoint()
    await t.setLimit(endpoint, { concurrency: 1 })
    const limits = await t.start()
    let held = await t.acquire(limits, endpoint)
    const order: string[] = []
    const queue = (runId: string) =>
      Promise.resolve(t.acquire(limits, endpoint, { runId })).then((permit) => {
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

  test('does not delay calls of another endpoint', async () => {
    const [blocked, free] = [newEndpoint(), newEndpoint()]
    await t.setLimit(blocked, { concurrency: 1 })
    const limits = await t.start()
    const permits = t.collect(limits, blocked, 500)
    await expect.poll(() => permits.length).toBe(1)
    expect(t.acquire(limits, free)).not.toBeInstanceOf(Promise)
  })
})
