import { Levenshtein } from 'autoevals'
import { describe, expect, it } from 'vitest'
import type { Evaluation, EvaluationInput } from '../../src/domain/evaluation.ts'
import type { ModuleEvaluator } from '../../src/domain/execution/modules.ts'
import { createEvaluator, declaredRules } from '../../src/evaluators/registry.ts'
import { inThisProcess } from '../helpers/functions.ts'
import { evaluationInput } from './evaluation-input.ts'

const spec = { kind: 'module', module: 'mine' } as const

async function run(
  evaluate: ModuleEvaluator['evaluate'] | (() => unknown),
  options: Partial<ModuleEvaluator> = {},
  signal = new AbortController().signal,
): Promise<Evaluation[]> {
  const module = { name: 'mine', ...options, evaluate: evaluate as ModuleEvaluator['evaluate'] }
  return createEvaluator(spec, 'score', inThisProcess({ evaluators: [module] }))(evaluationInput(), { signal })
}

const score = { name: 'score', value: null, label: null, comment: null, metadata: null, costUsd: null }

describe('an evaluator of assay.config.ts', () => {
  it.each<[unknown, object[]]>([
    [0.5, [{ ...score, dataType: 'NUMERIC', value: 0.5 }]],
    [0, [{ ...score, dataType: 'NUMERIC', value: 0 }]],
    [true, [{ ...score, dataType: 'BOOLEAN', value: 1 }]],
    [false, [{ ...score, dataType: 'BOOLEAN', value: 0 }]],
    ['good', [{ ...score, dataType: 'CATEGORICAL', label: 'good' }]],
    ['', [{ ...score, dataType: 'CATEGORICAL', label: '' }]],
    [null, []],
    [[], []],
    [{ value: null, comment: 'not sure' }, []],
    [[0.5], [{ ...score, dataType: 'NUMERIC', value: 0.5 }]],
    [
      { name: 'tone', value: 'kind', comment: 'why', metadata: { model: 'm' } },
      [{ ...score, name: 'tone', dataType: 'CATEGORICAL', label: 'kind', comment: 'why', metadata: { model: 'm' } }],
    ],
    [{ value: 'Well said.', dataType: 'TEXT' }, [{ ...score, dataType: 'TEXT', label: 'Well said.' }]],
    [{ value: 1, dataType: 'BOOLEAN' }, [{ ...score, dataType: 'BOOLEAN', value: 1 }]],
    [
      [{ name: 'a', value: 1 }, null, { name: 'b', value: true }, 0.5],
      [
        { ...score, name: 'a', dataType: 'NUMERIC', value: 1 },
        { ...score, name: 'b', dataType: 'BOOLEAN', value: 1 },
        { ...score, dataType: 'NUMERIC', value: 0.5 },
      ],
    ],
    [
      [
        { name: ' a ', value: 1 },
        { name: 'b', value: Number.NaN, costUsd: 0.5 },
        { name: 'x'.repeat(6_000), value: 1 },
      ],
      [
        { ...score, name: 'a', dataType: 'NUMERIC', value: 1 },
        { ...score, name: 'b', dataType: 'NUMERIC', costUsd: 0.5, failure: expect.stringContaining('got NaN') },
        { ...score, dataType: 'NUMERIC', failure: expect.stringContaining('at most 200 characters, got 6000') },
      ],
    ],
    [
      [{ name: 'a', value: 1, costUsd: 1 }, { name: 'a', value: 0, costUsd: 2 }, true],
      [
        { ...score, name: 'a', dataType: 'NUMERIC', costUsd: 3, failure: expect.stringContaining('got two named "a"') },
        { ...score, dataType: 'BOOLEAN', value: 1 },
      ],
    ],
    [{ value: 1, comment: 'a\0b' }, [{ ...score, dataType: 'NUMERIC', value: 1, comment: 'a\ufffdb' }]],
  ])('may return %j, at once or later', async (returned, expected) => {
    expect(await run(() => returned)).toEqual(expected)
    expect(await run(async () => returned)).toEqual(expected)
  })

  it('gives its scores the declared type where the values allow it', async () => {
    expect(await run(() => 1, { dataType: 'BOOLEAN' })).toMatchObject([{ dataType: 'BOOLEAN', value: 1 }])
    expect(await run(() => 'text', { dataType: 'TEXT' })).toMatchObject([{ dataType: 'TEXT', label: 'text' }])
    expect(await run(() => true, { dataType: 'NUMERIC' })).toMatchObject([{ dataType: 'BOOLEAN', value: 1 }])
  })

  it.each<[string, unknown, string]>([
    ['NaN', Number.NaN, 'Expected a finite number, a boolean, a string or null for "does not apply", got NaN'],
    ['infinity', { value: Number.POSITIVE_INFINITY }, 'got Infinity'],
    ['nothing', undefined, 'got nothing'],
    ['a function', () => 1, 'Expected a finite number'],
    ['an object as a value', { value: {} }, 'got {}'],
    ['an object without a value', { score: 1 }, "such as { value: 0.5 } or { value: 'good' }, got one with score"],
    [
      'two scores with the same name',
      [1, { name: 'score', value: 0 }],
      'Expected scores with different names, got two named "score"',
    ],
    ['a nameless score', { name: '', value: 1 }, 'Expected a string as the name, got ""'],
    [
      'a value that is not of its type',
      { value: 'x', dataType: 'NUMERIC' },
      'Expected a value of the type NUMERIC, got "x"',
    ],
    ['a type that does not exist', { value: 1, dataType: 'FLOAT' }, 'Expected a value of the type FLOAT'],
    ['metadata that is no JSON', { value: 1, metadata: { f: () => 1 } }, 'f is a function, which JSON cannot hold'],
  ])('fails, rather than being left out, when it returns %s', async (_, returned, message) => {
    await expect(run(() => returned)).rejects.toThrow(message)
    await expect(run(async () => returned)).rejects.toThrow(message)
  })

  it.each<[unknown, string]>([
    [new Error('boom'), 'boom'],
    [new RangeError(), 'RangeError'],
    ['text', 'The evaluator threw text'],
    [new Error('a\0b'), 'a\ufffdb'],
  ])('that throws %s fails with its message', async (thrown, message) => {
    const fail = () => {
      throw thrown
    }
    await expect(run(fail)).rejects.toMatchObject({ message, cause: thrown })
    await expect(run(async () => fail())).rejects.toMatchObject({ message })
  })

  it('that never returns is abandoned when the call is aborted', async () => {
    const controller = new AbortController()
    const hanging = run(() => new Promise(() => {}), {}, controller.signal)
    controller.abort('shutdown')
    await expect(hanging).rejects.toBe('shutdown')
  })

  it('carries the rules of its scores that it declares', () => {
    const evaluate = () => 1
    const of = (options: Partial<ModuleEvaluator>) =>
      declaredRules(spec, inThisProcess({ evaluators: [{ name: 'mine', evaluate, ...options }] }).registered)
    expect(of({})).toEqual({})
    const rules = {
      dataType: 'NUMERIC',
      direction: 'LOWER_IS_BETTER',
      min: 1,
      max: 5,
      failurePolicy: 'REFUSE',
    } as const
    expect(of(rules)).toEqual(rules)
  })

  it('that this worker does not have fails with the names it has', async () => {
    const functions = inThisProcess({ evaluators: [{ name: 'other', evaluate: () => 1 }] })
    const evaluate = createEvaluator(spec, 'score', functions)
    await expect(evaluate(evaluationInput(), { signal: new AbortController().signal })).rejects.toThrow(
      'assay.config.ts of this worker has no evaluator "mine"; it has other.',
    )
  })
})

describe('scorers of autoevals', () => {
  it('are evaluators as they are', async () => {
    const score = (item: Partial<EvaluationInput>) =>
      createEvaluator(
        { kind: 'module', module: 'near' },
        'near',
        inThisProcess({
          evaluators: [{ name: 'near', evaluate: (given) => Levenshtein(given) }],
        }),
      )(evaluationInput(item), { signal: new AbortController().signal })
    expect(await score({ output: 'abcd', expectedOutput: 'abcx' })).toMatchObject([{ name: 'near', value: 0.75 }])
  })

  it.each([
    [
      { name: 'Factuality', score: 0.4, metadata: { rationale: 'So.', choice: 'C' } },
      { name: 'mine', value: 0.4, comment: 'So.' },
    ],
    [{ name: 'Factuality', score: null }, undefined],
  ])('give %j', async (returned, expected) => {
    const functions = inThisProcess({ evaluators: [{ name: 'mine', evaluate: () => returned }] })
    const evaluate = createEvaluator({ kind: 'module', module: 'mine' }, 'mine', functions)
    const [score] = await evaluate(evaluationInput(), { signal: new AbortController().signal })
    if (expected) expect(score).toMatchObject(expected)
    else expect(score).toBeUndefined()
  })

  it('tell a failure by a member', async () => {
    const returned = { name: 'Factuality', score: null, error: new Error('no key') }
    const functions = inThisProcess({ evaluators: [{ name: 'mine', evaluate: () => returned }] })
    const evaluate = createEvaluator({ kind: 'module', module: 'mine' }, 'mine', functions)
    await expect(evaluate(evaluationInput(), { signal: new AbortController().signal })).rejects.toThrow('no key')
  })
})
