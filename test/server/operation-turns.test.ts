import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { OperationTurns } from '../../src/server/limits/operation-turns.ts'

/** Keeps the event loop busy, as a large document does. */
function work(ms: number): void {
  const endsAt = performance.now() + ms
  while (performance.now() < endsAt);
}

test('an operation waits for the one that is worked on, not for all that another caller sent before', async () => {
  const turns = new OperationTurns()
  const order: string[] = []
  const operation = async (caller: string) => {
    await turns.next(caller)
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
