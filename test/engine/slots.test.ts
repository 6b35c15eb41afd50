import { expect, test } from 'vitest'
import { Slots } from '../../src/engine/slots.ts'

test('a run that arrives last gets the next free slots until it has its share', async () => {
  const slots = new Slots(4)
  const order: string[] = []
  const acquire = (run: string) => Promise.resolve(slots.acquire(run)).then(() => order.push(run))
  for (let n = 0; n < 8; n += 1) void acquire('large')
  for (let n = 0; n < 2; n += 1) void acquire('small')
  await expect.poll(() => order).toEqual(['large', 'large', 'large', 'large'])
  slots.release('large')
  slots.release('large')
  await expect.poll(() => order.slice(4)).toEqual(['small', 'small'])
  slots.release('small')
  await expect.poll(() => order.slice(6)).toEqual(['large'])
  expect(slots.used).toBe(4)
})
