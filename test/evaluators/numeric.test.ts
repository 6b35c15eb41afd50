import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/domain/json/json.ts'
import { threadClock } from '../helpers/heavy-work.ts'
import { evaluate, scoreOf } from './evaluation-input.ts'

describe('numeric', () => {
  it.each<[Json, Json, object, number]>([
    [18, 18, {}, 1],
    ['18', 18, {}, 1],
    [18.0, '18.0', {}, 1],
    ['The total is 1,234,567.', 1234567, {}, 1],
    ['12,34', 34, {}, 1],
    ['first 3 then 4', 4, {}, 1],
    ['first 3 then 4', 3, {}, 0],
    ['first 3 then 4', 3, { occurrence: 'FIRST' }, 1],
    ['-5', -5, {}, 1],
    ['−5', -5, {}, 1],
    ['+5', 5, {}, 1],
    ['x = -5', -5, {}, 1],
    ['10-5', 5, {}, 1],
    ['–5', -5, {}, 1],
    ['from 2–5', 5, {}, 1],
    ['₹1,23,456.00', 123456, {}, 1],
    ['1,23,45,678', 12345678, {}, 1],
    ['12,34,56', 56, {}, 1],
    [1.1, 1, { absoluteTolerance: 0.1 }, 1],
    [0.3, '0.1', { absoluteTolerance: 0.2 }, 1],
    [1.1000001, 1, { absoluteTolerance: 0.1 }, 0],
    ['9007199254740993', '9007199254740992', {}, 0],
    ['{"n": 9007199254740993}', '9007199254740993', { outputPath: '$.n' }, 1],
    [{ n1: 7 }, 7, {}, 1],
    ['1e-999999', 0, {}, 1],
    ['- 5 apples', 5, {}, 1],
    ['COVID-19', 19, {}, 1],
    ['$5.50', 5.5, {}, 1],
    ['-$5', -5, {}, 1],
    ['$-5', -5, {}, 1],
    ['€ 1,000', 1000, {}, 1],
    ['50%', 50, {}, 1],
    ['-₩5', -5, {}, 1],
    ['−R$ 1,000', -1000, {}, 1],
    ['US$5', 5, {}, 1],
    ['x =—5', -5, {}, 1],
    ['₹१,२३,४५६', 123456, {}, 1],
    ['−١٬٢٣٤٫٥', -1234.5, {}, 1],
    ['5', 5, {}, 1],
    ['𝟛𝟘', 30, {}, 1],
    ['.5', 0.5, {}, 1],
    ['5.', 5, {}, 1],
    ['1.5e3', 1500, {}, 1],
    ['2E-2', 0.02, {}, 1],
    ['1.234.567,89', 1234567.89, { thousandsSeparator: '.' }, 1],
    ['1 234 567', 1234567, { thousandsSeparator: ' ' }, 1],
    ['1\u202f234\u00a0567.5', 1234567.5, { thousandsSeparator: ' ' }, 1],
    ["1'234", 1234, { thousandsSeparator: "'" }, 1],
    ['1,234', 234, { thousandsSeparator: '' }, 1],
    ['1,2345', 2345, {}, 1],
    [{ n: 7 }, 7, {}, 1],
    [{ a: 1, n: 7 }, { n: 1 }, { outputPath: '$.a', expectedPath: '$.n' }, 1],
    ['9'.repeat(400), 1, {}, 0],
    [10.4, 10, { absoluteTolerance: 0.5 }, 1],
    [10.6, 10, { absoluteTolerance: 0.5 }, 0],
    [-109, -100, { relativeTolerance: 0.1 }, 1],
    [-111, -100, { relativeTolerance: 0.1 }, 0],
    [12, 10, { relativeTolerance: 0.1, absoluteTolerance: 3 }, 1],
    ['So 3. A: 7 of 9', 7, { outputPattern: 'A:(.*)' }, 1],
    ['A: 1\nA: 2\nor 3', 2, { outputPattern: 'A: (\\d+)' }, 1],
    ['A: 1\nA: 2\nor 3', 1, { outputPattern: 'A: (\\d+)', occurrence: 'FIRST' }, 1],
    ['A: 1\nA: none', 1, { outputPattern: 'A: (.*)' }, 0],
    ['is 42 m', 42, { outputPattern: '\\d+ m' }, 1],
    ['5', 'because 3\n#### 5', { expectedPattern: '#### (.*)' }, 1],
  ])('of %j with %j and %j is %i', async (output, expectedOutput, options, value) => {
    expect(await scoreOf({ type: 'numeric', ...options }, { output, expectedOutput })).toBe(value)
  })

  it('scores an output without a number 0, with a comment', async () => {
    expect(await evaluate({ type: 'numeric' }, { output: 'I do not know', expectedOutput: 5 })).toEqual([
      {
        name: 'score',
        dataType: 'BOOLEAN',
        value: 0,
        label: null,
        comment: 'Expected 5, got no number.',
        metadata: null,
        costUsd: null,
      },
    ])
  })

  it('comments on the compared numbers', async () => {
    expect(await evaluate({ type: 'numeric' }, { output: 'about 26', expectedOutput: '18' })).toMatchObject([
      { value: 0, comment: 'Expected 18, got 26.' },
    ])
  })

  it('is an error, not a 0, when the expected output has no number', async () => {
    await expect(evaluate({ type: 'numeric' }, { output: '5', expectedOutput: 'five' })).rejects.toThrow(
      'The expected output has no number: five',
    )
  })

  it('reads a long text of digits and separators in linear time', async () => {
    const output = '1,'.repeat(200_000) + ',111'.repeat(200_000)
    expect(await scoreOf({ type: 'numeric' }, { output: `${output} 5`, expectedOutput: 5 })).toBe(1)
    const worked = threadClock()
    expect(await scoreOf({ type: 'numeric' }, { output: `1${',23'.repeat(60_000)} 5`, expectedOutput: 5 })).toBe(1)
    expect(worked()).toBeLessThan(40)
  })

  it.each([
    [{ thousandsSeparator: ';' }, 'thousandsSeparator'],
    [{ absoluteTolerance: -1 }, 'absoluteTolerance'],
    [{ occurrence: 'MIDDLE' }, 'occurrence'],
    [{ outputPattern: '(?<=a)b' }, 'outputPattern'],
    [{ expectedPattern: '' }, 'expectedPattern'],
  ])('refuses %j', async (options, member) => {
    await expect(evaluate({ type: 'numeric', ...options }, {})).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      path: ['definition', 'builtin', 'numeric', member],
    })
  })
})
