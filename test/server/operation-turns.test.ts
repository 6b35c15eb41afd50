import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { OperationTurns, turnLimits } from '../../src/server/limits/operation-turns.ts'

/** Keeps the event loop busy, as a large document does. */
function work(ms: number): void {
  const endsAt = performance.now() + ms
  while (performance.now() < endsAt);
}

const present = new AbortController().signal

test('an operation waits for the one that is worked on, not for all that another caller sent before', async () => {
  const turns = new OperationTurns()
  const order: string[] = []
  const operation = async (caller: string) => {
    await turns.next(caller, 0, present)
    order.push(caller)
    work(5)
  }
  const many = Array.from({ length: 20 }, () => operation('many'))
  await setImmediate()
  await setImmediate()
  const before = order.length
  await operation('one')
  expect(before).toBeLessThan(5)
  expect(order.indexOf('one')).toBeLessThanOrEqual(before + 2)
  await Promise.all(many)
  expect(order).toHaveLength(21)
})

test('who holds the event loop for long pauses while others are served, and nobody else does', async () => {
  const turns = new OperationTurns()
  const started = { heavy: 0, light: 0 }
  const until = performance.now() + 1_500
  const caller = async (name: keyof typeof started, ms: number) => {
    while (performance.now() < until) {
      turns.loopTime.asked(name, 0)
      await turns.next(name, 0, present)
      started[name] += 1
      // Also work that follows the start in microtasks is counted.
      await null
      work(ms)
      await setImmediate()
    }
  }
  await Promise.all([caller('heavy', 100), caller('heavy', 100), caller('light', 1)])
  // Without pauses it would have started 14 times.
  expect(started.heavy).toBeLessThanOrEqual(3)
  expect(started.light).toBeGreaterThan(100)
})

test('who is alone never pauses', async () => {
  const turns = new OperationTurns()
  const startedAt = performance.now()
  for (let n = 0; n < 10; n++) {
    turns.loopTime.asked('one', 0)
    await turns.next('one', 0, present)
    work(40)
    await setImmediate()
  }
  expect(turns.loopTime.pauseOf('one')).toBe(0)
  expect(performance.now() - startedAt).toBeLessThan(2_000)
})

test('the operations of a caller that wait are limited in bytes', async () => {
  const turns = new OperationTurns()
  const first = turns.next('many', turnLimits.waitingBytes, present)
  await expect(turns.next('many', 1, present)).rejects.toMatchObject({
    code: 'LIMIT',
    message: expect.stringMatching(/at most 64 MB of operations that wait/),
  })
  await turns.next('other', 1, present)
  await first
  await turns.next('many', 1, present)
})

test('an operation whose client has gone gives up its turn', async () => {
  const turns = new OperationTurns()
  const gone = new AbortController()
  const order: string[] = []
  const abandoned = turns.next('a', turnLimits.waitingBytes, gone.signal).then(() => order.push('abandoned'))
  gone.abort(new Error('gone'))
  await expect(abandoned).rejects.toThrow('gone')
  await turns.next('a', turnLimits.waitingBytes, present)
  await expect(turns.next('a', 0, gone.signal)).rejects.toThrow('gone')
  expect(order).toEqual([])
})
