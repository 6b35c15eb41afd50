import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/domain/json/json.ts'
import { evaluate, scoreOf } from './evaluation-input.ts'

describe('exact match', () => {
  it.each<[Json, Json, object, number]>([
    ['Paris', 'Paris', {}, 1],
    ['paris', 'Paris', {}, 0],
    ['PARIS', 'paris', { ignoreCase: true }, 1],
    [' Paris\n', 'Paris', {}, 0],
    [' New\n\tYork ', 'New York', { normalizeWhitespace: true }, 1],
    [' new\n\tYORK ', 'New York', { normalizeWhitespace: true, ignoreCase: true }, 1],
    ['', '', {}, 1],
    [5, '5', {}, 1],
    [5, 5.5, {}, 0],
    [{ a: 1, b: [2] }, { b: [2], a: 1 }, {}, 1],
    [{ a: 1, b: [2, 3] }, { b: [3, 2], a: 1 }, {}, 0],
    [null, 'null', {}, 0],
    [false, 'x', {}, 0],
    ['{"id": 9007199254740993}', '9007199254740993', { outputPath: '$.id' }, 1],
    ['{"of": {"id": 0.1234567890123456789}}', '{"id":0.1234567890123456789}', { outputPath: '$.of' }, 1],
  ])('of %j with %j and %j is %i', async (output, expectedOutput, options, value) => {
    expect(await scoreOf({ type: 'exactMatch', ...options }, { output, expectedOutput })).toBe(value)
  })

  it('compares the selected values', async () => {
    const options = { type: 'exactMatch', outputPath: '$.answer', expectedPath: '$.city' }
    const expectedOutput = { city: 'Paris' }
    expect(await scoreOf(options, { output: { answer: 'Paris', why: '…' }, expectedOutput })).toBe(1)
    expect(await evaluate(options, { output: { text: 'Paris' }, expectedOutput })).toMatchObject([
      { value: 0, comment: 'The output has nothing at $.answer.' },
    ])
    await expect(evaluate(options, { output: { answer: 'Paris' }, expectedOutput: { town: 'Paris' } })).rejects.toThrow(
      'The expected output has nothing at $.city: {"town":"Paris"}.',
    )
    expect(await evaluate(options, { output: { answer: 'Paris' }, expectedOutput: null })).toEqual([])
    expect(await scoreOf(options, { output: '{"answer": "Paris"}', expectedOutput: '{"city":"Paris"}' })).toBe(1)
    expect(await scoreOf(options, { output: '```json\n{"answer": "Paris"}\n```', expectedOutput })).toBe(1)
    expect(await scoreOf(options, { output: { answer: null }, expectedOutput: { city: null } })).toBe(1)
  })
})

describe('contains', () => {
  it.each<[Json, Json, object, number]>([
    ['The answer is Paris.', 'Paris', {}, 1],
    ['The answer is paris.', 'Paris', {}, 0],
    ['The answer is PARIS.', 'paris', { ignoreCase: true }, 1],
    ['I am sorry, I cannot', 'other', { text: 'sorry' }, 1],
    ['Sure', null, { text: 'sorry' }, 0],
    [{ answer: 'Paris' }, 'Paris', {}, 1],
    [{ answer: 'say "hi"', n: 1.5 }, 'say "hi"', {}, 1],
    [['a', { b: 1.5 }], '1.5', {}, 1],
    [{ answer: 'x' }, 'answer', {}, 0],
    [null, 'ul', {}, 0],
    [{ answer: 'Paris', note: 'Rome' }, 'Rome', { outputPath: '$.answer' }, 0],
    ['red and blue', ['red', 'blue'], {}, 1],
    ['red', ['red', 'blue'], {}, 0],
    ['It is spam.', { label: 'spam' }, {}, 1],
    ['{"n": 0.1234567890123456789}', '0.1234567890123456789', { outputPath: '$.n' }, 1],
  ])('in %j of %j with %j is %i', async (output, expectedOutput, options, value) => {
    expect(await scoreOf({ type: 'contains', ...options }, { output, expectedOutput })).toBe(value)
  })
})

describe('contains', () => {
  it('is an error when there is nothing to look for', async () => {
    await expect(evaluate({ type: 'contains' }, { output: 'x', expectedOutput: '' })).rejects.toThrow(
      'Expected a text to look for, but the expected output is empty.',
    )
    const options = { type: 'contains', expectedPath: '$.answer' }
    for (const answer of [null, [], { nested: null }]) {
      await expect(evaluate(options, { output: 'null', expectedOutput: { answer } })).rejects.toThrow(
        'Expected a text to look for, but the expected output is ',
      )
    }
  })
})

describe('regex', () => {
  it.each<[Json, Json, object, number]>([
    [null, null, { pattern: '\\S' }, 0],
    [null, 'x', { pattern: '^\\w+$', group: '0' }, 0],
    [{ a: 'line "1"' }, null, { pattern: '^line "1"$' }, 1],
    ['order 66', null, { pattern: '\\d+' }, 1],
    ['no order', null, { pattern: '\\d+' }, 0],
    ['ORDER', null, { pattern: '^order$', flags: 'i' }, 1],
    ['a\nb', null, { pattern: '^b$', flags: 'm' }, 1],
    ['a\nb', null, { pattern: 'a.b', flags: 's' }, 1],
    ['Label: spam!', 'spam', { pattern: 'Label: (\\w+)', group: '1' }, 1],
    ['Label: spam!', 'ham', { pattern: 'Label: (\\w+)', group: '1' }, 0],
    ['Label: spam!', 'spam', { pattern: 'Label: (?<label>\\w+)', group: 'label' }, 1],
    ['Label: spam!', 'ham', { pattern: 'Label: (\\w+)', group: '1', expected: 'spam' }, 1],
    ['n = 42', 42, { pattern: '\\d+', group: '0' }, 1],
    ['nothing', 'spam', { pattern: 'Label: (\\w+)', group: '1' }, 0],
    ['null', { label: null }, { pattern: '\\w+', group: '0', expectedPath: '$.label' }, 0],
    ['b', 'a', { pattern: '(a)|b', group: '1' }, 0],
    ['xyz', null, { pattern: '[a-z]+', expected: 'xyz' }, 1],
  ])('on %j with %j and %j is %i', async (output, expectedOutput, options, value) => {
    expect(await scoreOf({ type: 'regex', ...options }, { output, expectedOutput })).toBe(value)
  })

  it('does not apply when a group is compared with a missing expected output', async () => {
    expect(
      await evaluate({ type: 'regex', pattern: '(a)', group: '1' }, { output: 'a', expectedOutput: null }),
    ).toEqual([])
  })

  it('takes linear time, whatever the pattern', async () => {
    const options = { type: 'regex', pattern: '^(a+)+$' }
    expect(await scoreOf(options, { output: `${'a'.repeat(100_000)}b` })).toBe(0)
  })

  it.each([
    [{ pattern: 'a(?=b)' }, 'definition.builtin.regex.pattern', '(?='],
    [{ pattern: '(a)\\1' }, 'definition.builtin.regex.pattern', '\\1'],
    [{ pattern: '(a' }, 'definition.builtin.regex.pattern', 'missing closing )'],
    [{ pattern: 'a', flags: 'g' }, 'definition.builtin.regex.flags', 'expected only the flags i, m and s, got "g"'],
    [{ pattern: '(?<n>a)', group: 'm' }, 'definition.builtin.regex.group', '0 to 1 or one of n, got "m"'],
    [{ pattern: '(a)', group: '2' }, 'definition.builtin.regex.group', '0 to 1, got "2"'],
  ])('refuses %j and names the trouble', async (options, path, message) => {
    await expect(evaluate({ type: 'regex', ...options }, {})).rejects.toMatchObject({
      path: path.split('.'),
      message: expect.stringContaining(message),
    })
  })
})

describe('levenshtein similarity', () => {
  it.each<[Json, Json, object, number]>([
    ['kitten', 'sitting', {}, 1 - 3 / 7],
    ['same', 'same', {}, 1],
    ['SAME', 'same', {}, 0],
    ['SAME', 'same', { ignoreCase: true }, 1],
    ['', '', {}, 1],
    ['', 'abc', {}, 0],
    ['👍', '👎', {}, 0],
    ['👍🏽!', '👍🏽?', {}, 0.5],
    ['cafe\u0301', 'café', {}, 1],
    ['\u1112\u1161\u11ab', '한국', {}, 0.5],
    [null, '', {}, 0],
    ['x'.repeat(1_000_000), 'x'.repeat(1_000_000), {}, 1],
  ])('of %j and %j with %j is %f', async (output, expectedOutput, options, value) => {
    expect(await scoreOf({ type: 'levenshtein', ...options }, { output, expectedOutput })).toBeCloseTo(value, 12)
  })

  it('compares long texts', async () => {
    const texts = { output: 'a'.repeat(40_000), expectedOutput: 'a'.repeat(39_960) }
    expect(await scoreOf({ type: 'levenshtein' }, texts)).toBe(0.999)
  })
})
