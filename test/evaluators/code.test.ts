/** Users' JavaScript is contained: whatever it does, it has a limit of time and memory, and sees nothing but its item. */
import { describe, expect, it } from 'vitest'
import type { Evaluation, EvaluationInput } from '../../src/domain/evaluation.ts'
import { checkEvaluatorSpec, createEvaluator, parseEvaluatorSpec } from '../../src/evaluators/registry.ts'
import { inThisProcess } from '../helpers/functions.ts'
import { evaluationInput } from './evaluation-input.ts'

const functions = inThisProcess({})
const specOf = (code: string, options: object = {}) =>
  parseEvaluatorSpec({ kind: 'code', code, ...options }, functions.registered)
const evaluate = async (code: string, item: Partial<EvaluationInput> = {}, options: object = {}) => {
  const signal = new AbortController().signal
  return createEvaluator(
    specOf(code, options),
    'mine',
    functions,
  )(evaluationInput(item), { signal, subject: { preview: 'r' } })
}
/** What an expression is inside of the sandbox. */
const inside = async (expression: string) => {
  const [score] = await evaluate(`const evaluate = () => ({ value: 1, metadata: ${expression} })`)
  return score?.metadata
}
const failureOf = (code: string, options: object = {}) =>
  evaluate(code, {}, options).then(
    (scores) => `no error: ${JSON.stringify(scores)}`,
    (error: Error) => error.message,
  )

it('returns what a function of the config may return', async () => {
  const scores: [string, object[]][] = [
    ['return 0.5', [{ name: 'mine', value: 0.5, dataType: 'NUMERIC' }]],
    ['return output === expectedOutput', [{ value: 1, dataType: 'BOOLEAN' }]],
    ['return "good"', [{ value: null, label: 'good', dataType: 'CATEGORICAL' }]],
    ['return { value: 2, comment: "so", metadata: { a: [1] } }', [{ value: 2, comment: 'so', metadata: { a: [1] } }]],
    ['return null', []],
    ['return [{ name: "a", value: 1 }, { name: "b", value: 0 }]', [{ name: 'a' }, { name: 'b' }]],
  ]
  for (const [body, expected] of scores) {
    const code = `function evaluate({ output, expectedOutput }) { ${body} }`
    expect(await evaluate(code)).toMatchObject(expected)
  }
  const code = 'const evaluate = async (item) => (await item.input.list).length / 4'
  expect(await evaluate(code, { input: { list: ['ä', '👍🏽'] } })).toMatchObject([{ value: 0.5 }])
})

it.each([
  ['return NaN', 'Expected a finite number'],
  ['return Infinity', 'Expected a finite number'],
  ['return undefined', 'Expected a finite number, a boolean, a string or null for "does not apply", got nothing'],
  ['return { value: NaN }', 'Expected a finite number'],
  ['return { score: 1 }', 'Expected an object with a value'],
  ['return 10n', 'Expected a finite number'],
  ['return new Promise(() => {})', 'a promise that nothing fulfills'],
  ['return Promise.reject(new Error("no"))', 'Error: no'],
  ['return "x".repeat(2_000_000)', 'a result of at most 1,000,000 characters'],
  ['throw "plain"', 'The code threw plain.'],
  ['const a = {}; a.a = a; return a', 'TypeError: circular reference'],
])('fails for %s', async (body, message) => {
  expect(await failureOf(`function evaluate() { ${body} }`)).toContain(message)
})

it('says in which line an error is', async () => {
  const code = 'function helper(x) {\n  return x.missing.member\n}\nconst evaluate = ({ output }) => helper(output)'
  expect(await failureOf(code)).toMatch(/^TypeError: cannot read property 'member' of undefined \(line 2\)/)
  await expect(checkEvaluatorSpec(specOf('const evaluate = () => {\n  return 1 +\n}'), 'p')).rejects.toThrow(
    /definition\.code\.code: expected code that runs, got an error: SyntaxError: .* \(line 3\)/,
  )
  await expect(checkEvaluatorSpec(specOf('const score = () => 1'), 'p')).rejects.toThrow(
    'expected code that defines a function evaluate(item)',
  )
  await expect(checkEvaluatorSpec(specOf('for (;;);'), 'p')).rejects.toThrow('expected code that')
  await checkEvaluatorSpec(specOf('const evaluate = (item) => item.input.there.is.none'), 'p')
})

describe('the sandbox', () => {
  it('ends a loop without end, a pattern that backtracks without end, and recursion', async () => {
    const options = { timeoutMs: 200 }
    expect(await failureOf('const evaluate = () => { for (;;); }', options)).toContain('within 200 ms')
    const caught = 'const evaluate = () => { for (;;) try { for (;;); } catch {} }'
    expect(await failureOf(caught, options)).toContain('within 200 ms')
    expect(await failureOf('const evaluate = () => /^(a+)+$/.test("a".repeat(40) + "b")', options)).toContain(
      'within 200 ms',
    )
    expect(await failureOf('const evaluate = () => evaluate()')).toMatch(/stack|recursion/i)
    expect(await evaluate('const evaluate = () => 1')).toMatchObject([{ value: 1 }])
  })

  it.each([
    ['one block of 1 GB', 'new Uint8Array(1024 ** 3)'],
    ['a text of 1 GB', '"x".repeat(1024 ** 3 - 1)'],
    ['many blocks', '(() => { const all = []; for (;;) all.push(new Uint8Array(1e6)) })()'],
    ['many objects', '(() => { const all = []; for (;;) all.push({ all }) })()'],
  ])('refuses %s, and goes on', async (_what, expression) => {
    expect(await failureOf(`const evaluate = () => ${expression}`, { timeoutMs: 5_000 })).toMatch(
      /out of memory|invalid (string|array) length|array length|ended/i,
    )
    expect(await evaluate('const evaluate = () => 1')).toMatchObject([{ value: 1 }])
  })

  it('has nothing of Node, of browsers and of the network', async () => {
    const names = ['process', 'require', 'module', 'fetch', 'XMLHttpRequest', 'WebSocket', 'Deno', 'Bun', 'Buffer']
    const more = [
      'setTimeout',
      'setInterval',
      'console',
      'performance',
      'navigator',
      'WebAssembly',
      'Worker',
      'std',
      'os',
    ]
    expect(await inside(`${JSON.stringify([...names, ...more])}.filter((name) => name in globalThis)`)).toEqual([])
    expect(await failureOf('const evaluate = () => import("node:fs")')).toMatch(/Error/)
    expect(await failureOf('const evaluate = () => evaluate.constructor("return process")()')).toContain('process')
    const escaping =
      '(() => { try { return String(this.constructor.constructor("return typeof process")()) } catch (e) { return "no" } })()'
    expect(await inside(escaping)).toBe('undefined')
  })

  it('has no clock finer than a millisecond', async () => {
    expect(await inside('[Date.now() % 1, +new Date() % 1, typeof performance]')).toEqual([0, 0, 'undefined'])
    const steps = `(() => {
      const seen = new Set()
      for (let n = 0; n < 200000; n += 1) seen.add(Date.now())
      return [...seen].every(Number.isInteger)
    })()`
    expect(await inside(steps)).toBe(true)
  })

  it('is new for every evaluation: globals and prototypes that one sets are gone', async () => {
    const poison = `
      globalThis.left = 1
      Object.prototype.left = 1
      Array.prototype.map = () => 'mine'
      JSON.stringify = () => '[1]'
      JSON.parse = () => null
      Promise.prototype.then = 1
      function evaluate() { return { value: 1, metadata: typeof left } }`
    // Also its own result is written by what was there before it.
    expect(await evaluate(poison)).toMatchObject([{ value: 1, metadata: 'number' }])
    expect(
      await inside('[typeof left, {}.left === undefined, [1].map((x) => x + 1), JSON.stringify({ a: 1 })]'),
    ).toEqual(['undefined', true, [2], '{"a":1}'])
  })

  it('keeps prototypes apart from those outside', async () => {
    const code = `function evaluate() {
      return { value: 1, metadata: JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": 1}}') }
    }`
    await evaluate(code)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    expect(await evaluate('const evaluate = (item) => item.polluted === undefined')).toMatchObject([{ value: 1 }])
  })

  it('does not let one that hangs hold up others of other runs', async () => {
    const [{ signal }, controller] = [new AbortController(), new AbortController()]
    const subjectOf = (runId: string) => ({ runId, ordinal: 0, itemId: '1', attempt: 1 })
    const hanging = specOf('const evaluate = () => { for (;;); }', { timeoutMs: 10_000 })
    const call = { signal: controller.signal, subject: subjectOf('a') }
    const stuck = createEvaluator(hanging, 'stuck', functions)(evaluationInput(), call)
    const outcome = Promise.resolve(stuck).catch((error: Error) => error.message)
    let ended = false
    void outcome.then(() => {
      ended = true
    })
    const quick = createEvaluator(specOf('const evaluate = () => 1'), 'quick', functions)
    const scores = await Promise.all(
      Array.from({ length: 20 }, () => quick(evaluationInput(), { signal, subject: subjectOf('b') })),
    )
    expect(scores.flat().every((score: Evaluation) => score.value === 1)).toBe(true)
    expect(ended).toBe(false)
    controller.abort(new Error('enough'))
    expect(await outcome).toBe('enough')
  })

  it('ends at once when the evaluation is aborted', async () => {
    const controller = new AbortController()
    const spec = specOf('const evaluate = () => { for (;;); }', { timeoutMs: 10_000 })
    const outcome = Promise.resolve(
      createEvaluator(
        spec,
        'stuck',
        functions,
      )(evaluationInput(), { signal: controller.signal, subject: { preview: 'c' } }),
    )
    controller.abort(new Error('cancelled'))
    await expect(outcome).rejects.toThrow('cancelled')
  })
})
