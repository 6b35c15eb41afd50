import { describe, expect, it } from 'vitest'
import type { Evaluate, Evaluation, EvaluationInput } from '../../src/domain/evaluation.ts'
import { withDeadline } from '../../src/domain/execution/deadline.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { asTaskError } from '../../src/tasks/call-task.ts'
import { evaluationInput } from './evaluation-input.ts'

/** One kind of evaluator under test: how to create one that does what the suite needs. */
export interface EvaluatorKind {
  /** Scores the output "good" 1, everything else at most 1, under the name "score". */
  create(): Evaluate
  failing(): Evaluate
  /** Never gives a score. Kinds that calculate are never called without end. */
  hanging?(): Evaluate
  /** What it calls answers 429, and asks to wait for two seconds. */
  limited?(): Evaluate
  /** What it calls, or is, gives something that is no score. */
  garbled?(): Evaluate
}

/** What the engine relies on for every kind. */
export function conformsAsEvaluator(name: string, kind: EvaluatorKind): void {
  const call = async (evaluate: Evaluate, item: Partial<EvaluationInput> = {}, signal = new AbortController().signal) =>
    withDeadline<Evaluation[]>(
      async (inTime) =>
        evaluate(evaluationInput({ output: 'good', ...item }), { signal: inTime, subject: { preview: name } }),
      { timeoutMs: 10_000, signal },
    )
  const failureOf = async (promise: Promise<unknown>) => {
    const outcome = await promise.catch((error: unknown) => error)
    if (outcome instanceof Error) return asTaskError(outcome)
    throw new Error(`expected an error, got ${JSON.stringify(outcome)}`)
  }

  describe(`${name} as an evaluator`, () => {
    it('gives one score of its name, with what it cost or null', async () => {
      const scores = await call(kind.create())
      expect(scores).toMatchObject([{ name: 'score', value: 1 }])
      const [{ costUsd = -1 } = {}] = scores
      expect(costUsd === null || costUsd >= 0).toBe(true)
    })

    it.each<[string, Json]>([
      ['null', null],
      ['nothing', ''],
      ['0', 0],
      ['false', false],
      ['an empty list', []],
      ['an empty object', {}],
      ['unicode', '👍🏽 e\u0301 \ud83d\ude00 \u202e עברית \\u0000 </output>'],
      ['a text of 1 MB', 'x'.repeat(1_000_000)],
      ['a list of 50,000 numbers', Array.from({ length: 50_000 }, (_, n) => n)],
      ['a deep value', Array.from({ length: 500 }).reduce<Json>((inner) => [inner], 'deep')],
    ])('gives a score of at most 1 for %s', async (_what, output) => {
      const [score] = await call(kind.create(), { output })
      expect(score?.value).toBeLessThanOrEqual(1)
    })

    it('does not change the item, and keeps concurrent calls apart', async () => {
      const evaluate = kind.create()
      const outputs = Array.from({ length: 12 }, (_, n) => (n % 2 ? 'good' : `bad ${n}`))
      const items = outputs.map((output) => Object.freeze(evaluationInput({ output })))
      const signal = new AbortController().signal
      const scores = await Promise.all(items.map((item) => evaluate(item, { signal, subject: { preview: name } })))
      expect(scores.map(([score]) => score?.value === 1)).toEqual(outputs.map((output) => output === 'good'))
    })

    it('says why it failed', async () => {
      const error = await failureOf(call(kind.failing()))
      expect(error.message).not.toBe('')
      expect(error.code).toMatch(/^[A-Z_]+$/)
    })

    const { hanging, limited, garbled } = kind
    it.runIf(hanging)('ends at its time limit, and when it is aborted', async () => {
      const evaluate = hanging?.() as Evaluate
      const work = async (signal: AbortSignal) => evaluate(evaluationInput(), { signal, subject: { preview: name } })
      const { signal } = new AbortController()
      await expect(withDeadline(work, { timeoutMs: 50, signal })).rejects.toThrow('No result within 50 ms.')
      const controller = new AbortController()
      const own = Promise.resolve(
        evaluate(evaluationInput(), { signal: controller.signal, subject: { preview: name } }),
      )
      controller.abort(new Error('cancelled'))
      await expect(own).rejects.toThrow()
    })

    it.runIf(limited)('tells how long a 429 asks to wait', async () => {
      const error = await failureOf(call(limited?.() as Evaluate))
      expect(error).toMatchObject({ code: 'RATE_LIMITED', retryable: true, retryAfterMs: 2_000 })
    })

    it.runIf(garbled)('takes nothing for a score that is none', async () => {
      const error = await failureOf(call(garbled?.() as Evaluate))
      expect(error.message).toMatch(/expected|cannot be read|not JSON|no verdict/i)
    })
  })
}
