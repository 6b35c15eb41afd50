import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EvaluationInput } from '../../src/domain/evaluation.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { createEvaluator, declaredRules, parseEvaluatorSpec } from '../../src/evaluators/registry.ts'
import { inThisProcess } from '../helpers/functions.ts'
import { judgeOptions, partsWith } from '../helpers/judge.ts'
import { type ModelServer, startModelServer } from '../helpers/model-server/model-server.ts'
import type { Reply } from '../helpers/model-server/reply.ts'
import { answers, startServer, type TestServer } from '../tasks/misbehaving-server.ts'
import { conformsAsEvaluator, type EvaluatorKind } from './conformance.ts'
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
  {
    definition: { kind: 'builtin', type: 'trajectory', required: ['search'] },
    good: { output: [{ role: 'assistant', toolCalls: [{ name: 'search', arguments: {} }] }] },
    bad: { output: [{ role: 'assistant', toolCalls: [] }] },
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

  // What has no trajectory is an error, which its own test is about.
  const outputs =
    spec.kind === 'builtin' && spec.type === 'trajectory' ? [] : [null, '', 0, false, [], {}, '\ud83d\ude00']
  it.for<[Json]>(outputs.map((output) => [output]))('scores the output %j', async ([output]) => {
    const [score] = await run({ ...good, output })
    expect(score?.value).toBeGreaterThanOrEqual(0)
    expect(score?.value).toBeLessThanOrEqual(1)
  })

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
      'definition.kind: expected one of builtin, module, judge, pairwise, code, http, composite, similarity, got "magic"',
    )
    expect(() => parseEvaluatorSpec({ kind: 'builtin', type: 'toString' }, functions.registered)).toThrow(
      'definition.builtin.type: expected one of exactMatch, contains, regex, numeric, jsonEquals, jsonSchema, levenshtein, latency, cost, trajectory, got "toString"',
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

describe('kinds that call others, run code or combine scores', () => {
  let models: ModelServer
  let endpoint: TestServer
  beforeAll(async () => {
    models = await startModelServer(({ model, body, prompt }): Reply | Promise<Reply> => {
      if (model === 'hanging') return new Promise(() => {})
      if (model === 'limited') {
        return { status: 429, type: 'rate_limit', message: 'Slow down', headers: { 'retry-after': '2' } }
      }
      if (model === 'garbled') return { raw: '<html>Bad gateway</html>' }
      if (model === 'failing') return { status: 400, type: 'invalid_request_error', message: 'no' }
      if (Array.isArray(body.input)) {
        const direction = (text: string) => (text === 'good' || text === 'answer' ? [1, 0] : [0, 1])
        return { embeddings: body.input.map(direction), usage: { input: 5, output: 0 } }
      }
      const [first, second] = ['first', 'second'].map((name) => prompt.includes(`<${name}>\ngood\n</${name}>`))
      const pairwise = first === second ? 'tie' : first ? 'first' : 'second'
      const absolute = prompt.includes('<output>\ngood\n</output>') ? 'right' : 'wrong'
      const label = prompt.includes('<first>') ? pairwise : absolute
      return { text: JSON.stringify({ reason: 'So.', label }), usage: { input: 5, output: 5 } }
    })
    endpoint = await startServer({
      '/score': (response, { body }) => {
        const { output } = JSON.parse(body)
        response.end(JSON.stringify({ value: output === 'good' ? 1 : 0, comment: null, costUsd: 0.01 }))
      },
      '/hanging': () => {},
      '/limited': answers.status(429, { 'retry-after': '2' }),
      '/garbled': answers.status(200, { 'content-type': 'text/html' }, '<html>'),
      '/failing': answers.status(400, {}, 'no'),
    })
  })
  afterAll(() => Promise.all([models.stop(), endpoint.stop()]))

  const create = (definition: object) => {
    const spec = parseEvaluatorSpec(definition, functions.registered)
    return createEvaluator(spec, 'score', functions, partsWith(models))
  }
  const named = (make: (name: string) => object): EvaluatorKind => ({
    create: () => create(make('score')),
    failing: () => create(make('failing')),
    hanging: () => create(make('hanging')),
    limited: () => create(make('limited')),
    garbled: () => create(make('garbled')),
  })
  conformsAsEvaluator(
    'a judge',
    named((model) => ({ ...judgeOptions, model })),
  )
  conformsAsEvaluator(
    'similarity',
    named((model) => ({ kind: 'similarity', provider: 'test', model })),
  )
  conformsAsEvaluator(
    'an endpoint',
    named((path) => ({ kind: 'http', url: `${endpoint.url}/${path}` })),
  )
  const code = (body: string) =>
    create({ kind: 'code', timeoutMs: 10_000, code: `function evaluate({ output }) { ${body} }` })
  conformsAsEvaluator('code', {
    create: () => code("return output === 'good' ? 1 : 0"),
    failing: () => code('return output.is.not.there'),
    hanging: () => code('for (;;);'),
    garbled: () => code('return { score: 1 }'),
  })
  const composite =
    (expression: string | null): EvaluatorKind['create'] =>
    () => {
      const evaluate = create({ kind: 'composite', scores: [{ name: 'a' }], expression })
      return (item, context) =>
        evaluate({ ...item, scores: [{ name: 'a', value: item.output === 'good' ? 1 : 0, label: null }] }, context)
    }
  conformsAsEvaluator('a weighted mean', {
    create: composite(null),
    failing: () => (_item, context) =>
      create({ kind: 'composite', scores: [{ name: 'a' }] })(
        { ...evaluationInput(), scores: [{ name: 'a', value: null, label: 'good' }] },
        context,
      ),
  })
  conformsAsEvaluator('an expression', {
    create: composite('scores.a ** 2'),
    failing: composite('scores.a.b.c'),
    hanging: composite('(() => { for (;;); })()'),
    garbled: composite('"good"'),
  })
  const same = (evaluate: () => unknown) =>
    createEvaluator(
      { kind: 'module', module: 'mine' },
      'score',
      inThisProcess({ evaluators: [{ name: 'mine', evaluate }] as never }),
    )
  conformsAsEvaluator('a function', {
    create: () =>
      createEvaluator(
        { kind: 'module', module: 'mine' },
        'score',
        inThisProcess({
          evaluators: [{ name: 'mine', evaluate: ({ output }) => Number(output === 'good') }],
        }),
      ),
    failing: () => same(() => Promise.reject(new Error('no'))),
    hanging: () => same(() => new Promise(() => {})),
    limited: () =>
      same(() => Promise.reject(Object.assign(new Error('Slow'), { status: 429, headers: { 'retry-after': '2' } }))),
    garbled: () => same(() => ({ score: 1 })),
  })
  const builtin = (options: object) => create({ kind: 'builtin', ...options })
  conformsAsEvaluator('a builtin', {
    create: () => builtin({ type: 'contains', text: 'good' }),
    failing: () => builtin({ type: 'trajectory', required: ['search'] }),
  })
})
