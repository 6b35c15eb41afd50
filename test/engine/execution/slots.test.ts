import { expect, test } from 'vitest'
import { Slots } from '../../../src/engine/execution/slots.ts'

test('a new run gets the next free slots until it has its share', async () => {
  const slots = new Slots(4)
  const order: string[] = []
  const acquire = (run: string) => Promise.resolve(slots.acquire(run)).then(() => order.push(run))
  for (let n = 0; n < 8; n += 1) void acquire('large')
  for (let n = 0; n < 2; n += 1) void acquire('small')
  // The small run's first slot is its guaranteed one.
  await expect.poll(() => order).toEqual(['large', 'large', 'large', 'large', 'small'])
  slots.release('large')
  expect(slots.used).toBe(4)
  slots.release('large')
  await expect.poll(() => order.slice(5)).toEqual(['small'])
  slots.release('small')
  await expect.poll(() => order.slice(6)).toEqual(['large'])
  expect(slots.used).toBe(4)
})

test('every run gets a twentieth of the slots, even while the calls of another run hang', () => {
  const slots = new Slots(40)
  const immediate = (run: string, count: number) =>
    Array.from({ length: count }, () => slots.acquire(run)).filter((slot) => slot === undefined).length
  expect(immediate('hanging', 50)).toBe(40)
  expect(immediate('other', 10)).toBe(2)
  expect(immediate('third', 10)).toBe(2)
})
