import { expect, test } from 'vitest'
import { excerpt, excerptOf } from '../../src/domain/excerpt.ts'

const cycle: object[] = []
cycle.push(cycle)

test.for<[name: string, value: unknown, shown: string]>([
  ['nothing', undefined, 'nothing'],
  ['null', null, 'null'],
  ['a text', 'say "hi"\n', '"say \\"hi\\"\\n"'],
  ['a lone surrogate', '\ud800', '"\\ud800"'],
  ['JSON', { a: [1, true, null] }, '{"a":[1,true,null]}'],
  ['a number that JSON does not have', Number.NaN, 'NaN'],
  ['a bigint', 1n, '1n'],
  ['a function inside', { a: () => 1 }, '{ a: [Function: a] }'],
  ['a cycle', cycle, '<ref *1> [ [Circular *1] ]'],
  ['80 characters', 'x'.repeat(78), `"${'x'.repeat(78)}"`],
  ['81 characters', 'x'.repeat(79), `"${'x'.repeat(78)}…`],
  ['a pair at the end', `${'x'.repeat(77)}😀😀`, `"${'x'.repeat(77)}\ufffd…`],
])('%s is shown in a message', ([, value, shown]) => {
  expect(excerptOf(value)).toBe(shown)
})

test('a text is put on one line and truncated between characters', () => {
  expect(excerpt(' a\n\tb\0 ')).toBe('a b\ufffd')
  expect(excerpt('abc😀', 4)).toBe('abc\ufffd…')
})
