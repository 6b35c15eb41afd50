import { expect, test } from 'vitest'
import { PreparedNames } from '../../src/db/prepared-names.ts'

test('the first texts get a name each and keep it, the others none', () => {
  const names = new PreparedNames(2)
  const [first, second] = [names.of('SELECT 1'), names.of('SELECT 2')]
  expect(first).toBeDefined()
  expect(second).not.toBe(first)
  expect(names.of('SELECT 3')).toBeUndefined()
  expect([names.of('SELECT 1'), names.of('SELECT 2')]).toEqual([first, second])
})
