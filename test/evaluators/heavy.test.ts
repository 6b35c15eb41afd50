/** Evaluations that take long leave the event loop alone, and end. */
import { expect, test } from 'vitest'
import { calculationLimits } from '../../src/calculations/calculations.ts'
import type { BuiltinEvaluatorSpec } from '../../src/domain/evaluation.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { heavinessOf } from '../../src/evaluators/heavy.ts'
import { checkEvaluatorSpec, parseEvaluatorSpec } from '../../src/evaluators/registry.ts'
import { inThisProcess } from '../helpers/functions.ts'
import { endCalculationsAfter, longestTurn } from '../helpers/heavy-work.ts'
import { evaluate, evaluationInput } from './evaluation-input.ts'

expect(calculationLimits).toEqual({ evaluationMs: 10_000, selectionMs: 10_000, schemaMs: 5_000, itemsMs: 10_000 })

const { registered } = inThisProcess({})
const spec = (options: object) =>
  parseEvaluatorSpec({ kind: 'builtin', ...options }, registered) as BuiltinEvaluatorSpec

const records = Array.from({ length: 30_000 }, (_, id) => ({ id, name: `record ${id}`, of: { id } }))
const tree = (depth: number): Json => (depth === 0 ? 1 : { a: tree(depth - 1), b: tree(depth - 1) })
const doubling = Object.fromEntries(
  Array.from({ length: 16 }, (_, n) => [
    `d${n}`,
    n === 0 ? { type: 'number' } : { anyOf: [{ $ref: `#/$defs/d${n - 1}` }, { $ref: `#/$defs/d${n - 1}` }] },
  ]),
)

test.each<[string, object, object]>([
  [
    'a pattern with many instructions',
    { type: 'regex', pattern: '(?:[ab]?){900}[cd]' },
    { output: 'ab'.repeat(20_000) },
  ],
  [
    'a pattern for numbers',
    { type: 'numeric', outputPattern: '(?:[ab]?){900}([0-9])' },
    { output: 'ab'.repeat(20_000), expectedOutput: '1' },
  ],
  ['a path that visits values again and again', { type: 'exactMatch', outputPath: '$..*..*..*' }, { output: tree(12) }],
  ['a path with a filter', { type: 'exactMatch', outputPath: '$..[?count($..*)>1]' }, { output: tree(9) }],
  [
    'a path with lists of selectors',
    { type: 'exactMatch', outputPath: `$${'[*,*]'.repeat(12)}` },
    { output: tree(12) },
  ],
  [
    'a schema whose branches double',
    { type: 'jsonSchema', schema: { $defs: doubling, items: { not: { $ref: '#/$defs/d15' } } } },
    { output: Array.from({ length: 300 }, () => 'x') },
  ],
  [
    'a format whose pattern backtracks',
    { type: 'jsonSchema', schema: { items: { format: 'url' } } },
    { output: Array.from({ length: 20 }, () => `http://${':'.repeat(30_000)}`) },
  ],
  [
    'equal texts of a megabyte that differ in one place',
    { type: 'levenshtein' },
    { output: 'ab'.repeat(300_000), expectedOutput: `c${'ab'.repeat(300_000)}` },
  ],
  [
    'lists in any order',
    { type: 'jsonEquals', ignoreArrayOrder: true },
    { output: records, expectedOutput: records.toReversed() },
  ],
])('%s leaves the event loop alone', async (_, options, parts) => {
  // What takes longer is ended: on the event loop it would have taken all its time.
  endCalculationsAfter({ evaluationMs: 1_000 })
  await evaluate({ type: 'levenshtein' }, { output: 'a'.repeat(5_000), expectedOutput: 'b'.repeat(5_000) })
  expect(await longestTurn(() => evaluate(options as never, parts))).toBeLessThan(30)
})

// In quadratic time it would be ended.
test('records are unique in linear time', async () => {
  const schema = { type: 'array', uniqueItems: true }
  expect(await evaluate({ type: 'jsonSchema', schema }, { output: records })).toMatchObject([{ value: 1 }])
  const twin = [...records, { of: { id: 7 }, name: 'record 7', id: 7 }]
  expect(await evaluate({ type: 'jsonSchema', schema }, { output: twin })).toMatchObject([
    { value: 0, comment: 'the value must NOT have duplicate items' },
  ])
})

test('texts of any length are compared', async () => {
  const text = 'a quick brown fox '.repeat(60_000)
  expect(await evaluate({ type: 'levenshtein' }, { output: text, expectedOutput: text })).toMatchObject([{ value: 1 }])
})

test('what cannot be calculated in time is an error that says so', async () => {
  endCalculationsAfter({ evaluationMs: 300 })
  const pattern = { type: 'regex', pattern: '(?:[ab]?){990}(?:[ab]?){900}[cd]' }
  await expect(evaluate(pattern, { output: 'ab'.repeat(2_000_000) })).rejects.toThrow(
    'it took longer than 0.3 s to calculate',
  )
})

test('a schema that takes too long to compile is refused', async () => {
  endCalculationsAfter({ schemaMs: 300 })
  const nest = (depth: number): Json =>
    depth === 0 ? { type: 'string' } : { anyOf: Array.from({ length: 3 }, () => nest(depth - 1)) }
  await expect(checkEvaluatorSpec(spec({ type: 'jsonSchema', schema: nest(10) }), 'group')).rejects.toThrow(
    'definition.builtin.jsonSchema.schema: expected a JSON Schema that compiles within 0.3 s',
  )
})

test('a schema that is none is refused', async () => {
  await expect(
    checkEvaluatorSpec(spec({ type: 'jsonSchema', schema: { type: 'wrong' } }), 'group'),
  ).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    path: ['definition', 'builtin', 'jsonSchema', 'schema'],
  })
})

test('long patterns and paths are refused', () => {
  expect(() => spec({ type: 'regex', pattern: 'a'.repeat(2_001) })).toThrow('a pattern of at most 2000 characters')
  expect(() => spec({ type: 'exactMatch', outputPath: `$${'.a'.repeat(501)}` })).toThrow(
    'a JSONPath of at most 1000 characters',
  )
})

test('ordinary evaluations stay on the event loop', () => {
  const item = evaluationInput({ output: 'The answer is 42.', expectedOutput: '42' })
  const ordinary = [
    { type: 'exactMatch' },
    { type: 'contains' },
    { type: 'regex', pattern: '\\b(\\d+)\\b', group: '1' },
    { type: 'numeric' },
    { type: 'jsonEquals', outputPath: '$.a[*].b', expectedPath: '$..c' },
    { type: 'levenshtein' },
    { type: 'latency', maxMs: 1 },
    { type: 'cost', maxUsd: 1 },
  ]
  expect(ordinary.filter((options) => heavinessOf(spec(options))(item))).toEqual([])
})
