import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/domain/json/json.ts'
import { threadClock } from '../helpers/heavy-work.ts'
import { evaluate, scoreOf } from './evaluation-input.ts'

describe('JSON equality', () => {
  it.each<[Json, Json, object, number]>([
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, {}, 1],
    [{ a: 1 }, { a: '1' }, {}, 0],
    [5, '5', {}, 0],
    ['5', 5, {}, 1],
    ['{"a": [1, 2]}', { a: [1, 2] }, {}, 1],
    ['not json', { a: 1 }, {}, 0],
    ['```json\n{"a": 1}\n```', { a: 1 }, {}, 1],
    ['~~~\n[1]\n~~~\n', [1], {}, 1],
    ['```json {"a": 1} ```', { a: 1 }, {}, 1],
    ['```\r\n{"a": 1}\r\n````\n', { a: 1 }, {}, 1],
    ['```js\n{"a": 1}\n```', { a: 1 }, {}, 0],
    ['```json\n{"a": 1}', { a: 1 }, {}, 0],
    ['\ufeff{"a": 1}\u00a0', { a: 1 }, {}, 1],
    ['Here it is:\n```json\n{"a": 1}\n```', { a: 1 }, {}, 0],
    [{ a: 1 }, '{"a": 1}', {}, 1],
    ['{"a":1}', '{ "a": 1 }', {}, 1],
    ['{"id":9007199254740993}', { id: 9007199254740992 }, {}, 0],
    ['{"id":9007199254740993}', '{"id": 9007199254740993.0}', {}, 1],
    ['{"id":9007199254740993}', '{"id":9007199254740992}', {}, 0],
    [[1, 2], [2, 1], {}, 0],
    [[1, 2], [2, 1], { ignoreArrayOrder: true }, 1],
    [{ a: [{ x: [3, 1] }, { y: 1 }] }, { a: [{ y: 1 }, { x: [1, 3] }] }, { ignoreArrayOrder: true }, 1],
    [[1, 1, 2], [1, 2, 2], { ignoreArrayOrder: true }, 0],
    [{ a: { b: 1 }, noise: 2 }, { b: 1 }, { outputPath: '$.a' }, 1],
    [{ list: [] }, [], { outputPath: '$.list[*].name' }, 1],
    [[], [], { outputPath: '$[*]' }, 1],
    [[5], [], { outputPath: '$[?@ > 5]' }, 1],
    [{ list: [{ nam: 'x' }] }, [], { outputPath: '$.list[*].name' }, 0],
    [{ list: [{ nam: 'x' }] }, [], { outputPath: '$.list..name' }, 0],
  ])('of %j and %j with %j is %i', async (output, expectedOutput, options, value) => {
    expect(await scoreOf({ type: 'jsonEquals', ...options }, { output, expectedOutput })).toBe(value)
  })

  it('is an error where an expected list has nothing of what the path names', async () => {
    const options = { type: 'jsonEquals', outputPath: '$.list[*].lable', expectedPath: '$.list[*].lable' }
    const same = { list: [{ label: 'spam' }] }
    await expect(evaluate(options, { output: same, expectedOutput: same })).rejects.toThrow(
      'The expected output has nothing at $.list[*].lable',
    )
  })

  it.each([' ', '\n', '``` ', '~~~\n'])(
    'reads a text that begins as a fence and goes on with %j in linear time',
    async (part) => {
      const output = `\`\`\`json\n${part.repeat(150_000 / part.length)}x`
      const worked = threadClock()
      expect(await scoreOf({ type: 'jsonEquals' }, { output, expectedOutput: {} })).toBe(0)
      expect(worked()).toBeLessThan(40)
    },
  )
})

describe('JSON Schema validity', () => {
  const schema = { type: 'object', required: ['label'], properties: { label: { enum: ['spam', 'ham'] } } }

  it.each<[Json, number, string | null]>([
    [{ label: 'spam' }, 1, null],
    ['{"label": "ham"}', 1, null],
    [{ label: 'egg' }, 0, '/label must be equal to one of the allowed values'],
    ['{"label": 5}', 0, '/label must be equal to one of the allowed values'],
    [{}, 0, "the value must have required property 'label'"],
    ['spam', 0, 'the value must be object'],
    [null, 0, 'the value must be object'],
  ])('of %j is %i', async (output, value, comment) => {
    expect(await evaluate({ type: 'jsonSchema', schema }, { output, expectedOutput: null })).toMatchObject([
      { value, comment },
    ])
  })

  it.each<[Json, Json, number]>([
    [{ $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'number' }] }, ['x'], 0],
    [{ $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{ type: 'number' }] }, [1], 1],
    [{ format: 'email' }, 'nobody', 0],
    [{ pattern: '^(a+)+$' }, `${'a'.repeat(50_000)}b`, 0],
    [true, 5, 1],
    [{ required: ['constructor'] }, {}, 0],
    [{ multipleOf: 0.01 }, 19.99, 1],
    [{ multipleOf: 0.01 }, 19.995, 0],
    [{ multipleOf: 3 }, 1e300, 0],
    [{ type: 'integer', const: 9007199254740992 }, '9007199254740993', 0],
    [{ type: 'number', maximum: 9007199254740992 }, '9007199254740993', 0],
    [{ type: 'number', minimum: 9007199254740994 }, '9007199254740993', 0],
    [{ type: 'number', exclusiveMinimum: 0 }, '1e-400', 0],
    [{ type: 'integer' }, '-1.00000000000000000001', 0],
    [{ type: 'object', properties: { id: { type: 'integer' } } }, '{"id": 9007199254740993}', 1],
  ])('follows the schema %j', async (options, output, value) => {
    expect(await scoreOf({ type: 'jsonSchema', schema: options }, { output })).toBe(value)
  })

  it.each<[Json, string]>([
    [{ type: 'objekt' }, 'expected a JSON Schema that compiles'],
    [{ $ref: 'https://elsewhere.example/schema' }, "can't resolve reference"],
    [{ pattern: '(?=a)' }, '(?='],
    ['object', 'expected a JSON Schema, got "object"'],
    [null, 'expected a JSON Schema, got null'],
  ])('refuses %j', async (options, message) => {
    await expect(evaluate({ type: 'jsonSchema', schema: options }, {})).rejects.toMatchObject({
      path: ['definition', 'builtin', 'jsonSchema', 'schema'],
      message: expect.stringContaining(message),
    })
  })
})
