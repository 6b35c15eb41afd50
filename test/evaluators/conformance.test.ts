import { describe, expect, it } from 'vitest'
import type { EvaluationInput } from '../../src/domain/evaluation.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { createEvaluator, declaredRules, parseEvaluatorSpec } from '../../src/evaluators/registry.ts'
import { inThisProcess } from '../helpers/functions.ts'
import { evaluationInput } from './evaluation-input.ts'

const functions = inThisProcess({
  evaluators: [
    { name: 'same', dataType: 'BOOLEAN', evaluate: ({ output, expectedOutput }) => output === expectedOutput },
  ],
})

/** Every kind, with an item that it scores 1, one that it scores lower, and whether it reads the expected output. */
const kinds: {
  definition: { kind: string; [option: string]: unknown }
  good: object
  bad: object
  compares: boolean
}[] = [
  { definition: { kind: 'builtin', type: 'exactMatch' }, good: {}, bad: { output: 'x' }, compares: true },
  { definition: { kind: 'builtin', type: 'contains' }, good: {}, bad: { output: 'x' }, compares: true },
  { definition: { kind: 'builtin', type: 'contains', text: 'ans' }, good: {}, bad: { output: 'x' }, compares: false },
  { definition: { kind: 'builtin', type: 'regex', pattern: '^a' }, good: {}, bad: { output: 'x' }, compares: false },
  {
    definition: { kind: 'builtin', type: 'regex', pattern: '.*', group: '0' },
    good: {},
    bad: { output: 'x' },
    compares: true,
  },
  {
    definition: { kind: 'builtin', type: 'numeric' },
    good: { output: '5', expectedOutput: 5 },
    bad: { output: 'x', expectedOutput: 5 },
    compares: true,
  },
  { definition: { kind: 'builtin', type: 'jsonEquals' }, good: {}, bad: { output: 'x' }, compares: true },
  {
    definition: { kind: 'builtin', type: 'jsonSchema', schema: { const: 'answer' } },
    good: {},
    bad: { output: 'x' },
    compares: false,
  },
  { definition: { kind: 'builtin', type: 'levenshtein' }, good: {}, bad: { output: 'x' }, compares: true },
  {
    definition: { kind: 'builtin', type: 'latency', maxMs: 100 },
    good: {},
    bad: { latencyMs: 100.1 },
    compares: false,
  },
  {
    definition: { kind: 'builtin', type: 'cost', maxUsd: 1 },
    good: { costUsd: 1 },
    bad: { costUsd: 1.1 },
    compares: false,
  },
  { definition: { kind: 'module', module: 'same' }, good: {}, bad: { output: 'x' }, compares: false },
]

describe.each(kinds)('$definition as an evaluator', ({ definition, good, bad, compares }) => {
  const spec = parseEvaluatorSpec(definition, functions.registered)
  const evaluate = createEvaluator(spec, 'my score', functions)
  const run = async (parts: Partial<EvaluationInput>) =>
    evaluate(evaluationInput(parts), { signal: new AbortController().signal })

  it('returns one score with its name and data type', async () => {
    const [score] = await run(good)
    expect(score).toMatchObject({ name: 'my score', value: 1, label: null, metadata: null })
    const declared = declaredRules(spec, functions.registered)
    expect(declared).toMatchObject(spec.kind === 'builtin' ? { dataType: score?.dataType } : {})
  })

  it('scores a worse output lower', async () => {
    const [score] = await run(bad)
    expect(score?.value).toBeLessThan(1)
  })

  it(compares ? 'does not apply without an expected output' : 'needs no expected output', async () => {
    expect(await run({ ...good, expectedOutput: null })).toHaveLength(compares ? 0 : 1)
  })

  it('does not change the item, and scores it the same again', async () => {
    const item = Object.freeze(evaluationInput(good))
    const context = { signal: new AbortController().signal }
    expect(await evaluate(item, context)).toEqual(await evaluate(item, context))
  })

  it.each<[Json]>([[null], [''], [0], [false], [[]], [{}], ['\ud83d\ude00']])(
    'scores the output %j',
    async (output) => {
      const [score] = await run({ ...good, output })
      expect(score?.value).toBeGreaterThanOrEqual(0)
      expect(score?.value).toBeLessThanOrEqual(1)
    },
  )

  it('survives storage: parsing it again gives the same', () => {
    expect(parseEvaluatorSpec(JSON.parse(JSON.stringify(spec)), functions.registered)).toEqual(spec)
  })

  it('rejects unknown options', () => {
    expect(() => parseEvaluatorSpec({ ...definition, tolerence: 1 }, functions.registered)).toThrow(
      'expected no member "tolerence"',
    )
  })
})

describe('a definition', () => {
  it('of an unknown kind or type is rejected', () => {
    expect(() => parseEvaluatorSpec({ kind: 'magic' }, functions.registered)).toThrow(
      'definition.kind: expected one of builtin, module, got "magic"',
    )
    expect(() => parseEvaluatorSpec({ kind: 'builtin', type: 'toString' }, functions.registered)).toThrow(
      'definition.builtin.type: expected one of exactMatch, contains, regex, numeric, jsonEquals, jsonSchema, levenshtein, latency, cost, got "toString"',
    )
    expect(() => parseEvaluatorSpec({ kind: 'module', module: 'other' }, functions.registered)).toThrow(
      'definition.module.name: expected an evaluator of assay.config.ts: same, got "other"',
    )
  })

  it('without a known cost has no cost score', async () => {
    const evaluate = createEvaluator({ kind: 'builtin', type: 'cost', maxUsd: 1 }, 'cheap', functions)
    expect(await evaluate(evaluationInput({ costUsd: null }), { signal: new AbortController().signal })).toEqual([])
  })
})
