import { expect, test } from 'vitest'
import { Calls } from '../../src/function-hosts/calls.ts'

test('a number is used again only when its call was taken', () => {
  const calls = new Calls<string>()
  expect(['a', 'b', 'c'].map((call) => calls.add(call))).toEqual([0, 1, 2])
  expect(calls.take(1)).toBe('b')
  expect(calls.take(1)).toBeUndefined()
  expect([...calls]).toEqual(['a', 'c'])
  expect(calls.size).toBe(2)
  expect([calls.add('d'), calls.add('e')]).toEqual([1, 3])
  expect([calls.get(1), calls.get(9)]).toEqual(['d', undefined])
})
