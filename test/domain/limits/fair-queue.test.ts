import { expect, test } from 'vitest'
import { FairQueue } from '../../../src/domain/limits/fair-queue.ts'

function drain(queue: FairQueue<string>): string[] {
  const order: string[] = []
  while (queue.size > 0) order.push(queue.shift() ?? '')
  return order
}

test('groups take turns, each in its own order', () => {
  const queue = new FairQueue<string>()
  for (const value of ['a1', 'a2', 'a3', 'a4']) queue.push('a', value)
  expect(queue.shift()).toBe('a1')
  queue.push('b', 'b1')
  queue.push('b', 'b2')
  expect(drain(queue)).toEqual(['a2', 'b1', 'a3', 'b2', 'a4'])
  expect(queue.shift()).toBeUndefined()
})

test('a removed value is not served, and removing it again does nothing', () => {
  const queue = new FairQueue<string>()
  queue.push('a', 'a1')
  queue.push('a', 'a2')
  queue.push('b', 'b1')
  queue.remove('a', 'a1')
  queue.remove('a', 'a1')
  queue.remove('b', 'b1')
  queue.remove('c', 'c1')
  expect(queue.size).toBe(1)
  expect(drain(queue)).toEqual(['a2'])
})
