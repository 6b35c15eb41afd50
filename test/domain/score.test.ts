import { expect, test } from 'vitest'
import type { ScoreRules } from '../../src/domain/evaluation.ts'
import { parseScore, parseScoreName, type ScoreInput } from '../../src/domain/score.ts'

const rules = (given: Partial<ScoreRules>): ScoreRules => ({
  dataType: 'NUMERIC',
  direction: 'HIGHER_IS_BETTER',
  failurePolicy: 'MISSING',
  min: null,
  max: null,
  categories: null,
  ...given,
})

test.for<[name: string, given: ScoreInput, configured: ScoreRules | null, parsed: object]>([
  ['a value is NUMERIC', { value: 0.5 }, null, { dataType: 'NUMERIC', value: 0.5, label: null }],
  ['a label is CATEGORICAL', { label: 'good' }, null, { dataType: 'CATEGORICAL', value: null, label: 'good' }],
  ['an explicit type applies', { dataType: 'TEXT', label: '' }, null, { dataType: 'TEXT', value: null, label: '' }],
  ['a BOOLEAN is 0 or 1', { dataType: 'BOOLEAN', value: 1 }, null, { dataType: 'BOOLEAN', value: 1, label: null }],
  [
    'the configured type is the default',
    { value: 1 },
    rules({ dataType: 'BOOLEAN' }),
    { dataType: 'BOOLEAN', value: 1, label: null },
  ],
  [
    'a label may stand beside a value',
    { value: 2, label: 'B' },
    rules({ min: 1, max: 2 }),
    { dataType: 'NUMERIC', value: 2, label: 'B' },
  ],
  [
    'a configured category',
    { label: 'good' },
    rules({ dataType: 'CATEGORICAL', categories: ['good', 'bad'] }),
    { dataType: 'CATEGORICAL', value: null, label: 'good' },
  ],
])('%s', ([, given, configured, parsed]) => {
  expect(parseScore(given, configured)).toEqual(parsed)
})

test.for<[name: string, given: ScoreInput, configured: ScoreRules | null, path: string, message: RegExp]>([
  [
    'a NUMERIC score without a value',
    { dataType: 'NUMERIC', label: 'x' },
    null,
    'value',
    /expected number, got nothing/,
  ],
  ['a CATEGORICAL score without a label', { dataType: 'CATEGORICAL', value: 1 }, null, 'label', /string, got nothing/],
  ['neither a value nor a label', { value: null }, null, 'value', /a value or a label, got neither/],
  ['a value that is not finite', { value: Number.NaN }, null, 'value', /number, got NaN/],
  ['half a BOOLEAN', { dataType: 'BOOLEAN', value: 0.5 }, null, 'value', /expected 0 or 1, got 0.5/],
  ['a value below the range', { value: 0 }, rules({ min: 1 }), 'value', />=1, got 0/],
  ['a value above the range', { value: 6 }, rules({ max: 5 }), 'value', /<=5, got 6/],
  [
    'a type that is not the configured one',
    { dataType: 'TEXT', label: 'x' },
    rules({}),
    'dataType',
    /"NUMERIC", got "TEXT"/,
  ],
  [
    'an unknown category',
    { label: 'fine' },
    rules({ dataType: 'CATEGORICAL', categories: ['good', 'bad'] }),
    'label',
    /expected one of good, bad, got "fine"/,
  ],
])('%s is refused', ([, given, configured, path, message]) => {
  expect(() => parseScore(given, configured)).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT', path: [path], message: expect.stringMatching(message) }),
  )
})

test('a name is trimmed and must have 1 to 200 characters', () => {
  expect(parseScoreName('  helpful\n')).toBe('helpful')
  for (const name of [' ', 'x'.repeat(201)]) {
    expect(() => parseScoreName(name)).toThrow(expect.objectContaining({ path: ['name'] }))
  }
})
