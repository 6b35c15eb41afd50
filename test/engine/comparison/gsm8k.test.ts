/** A real comparison of four models, with counts that can be verified: OpenAI's recorded GSM8K solutions. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareMetrics } from '../../../src/engine/comparison/compare-metrics.ts'
import { openComparison } from '../../../src/engine/comparison/comparison.ts'
import { ComparisonSequences } from '../../../src/engine/comparison/sequences.ts'
import { createTestEngine, seedDataset, type TestEngine } from '../../helpers/engine.ts'
import { type Gsm8kModel, gsm8k, readQuestions, readSolutions } from '../../helpers/gsm8k.ts'
import { recordRun } from '../../helpers/recorded-runs.ts'

const models = Object.keys(gsm8k.correct) as Gsm8kModel[]

const numberAfter = (text: string, mark: string) =>
  text.split(mark).at(-1)?.trim().replaceAll(',', '').replace(/\.$/, '')

describe.skipIf(!gsm8k.present)(`the recorded solutions of four models (${gsm8k.note})`, () => {
  const correct = new Map<Gsm8kModel, boolean[]>()
  const runs = new Map<Gsm8kModel, string>()
  let t: TestEngine

  beforeAll(async () => {
    t = await createTestEngine()
    const questions = readQuestions()
    const solutions = readSolutions()
    const datasetId = await seedDataset(
      t,
      questions.map(({ question }) => question),
    )
    for (const model of models) {
      const right = solutions.map(
        (solution, i) =>
          numberAfter(solution[model].solution, 'A:') === numberAfter(questions[i]?.answer ?? '', '####'),
      )
      correct.set(model, right)
      const executions = right.map((correct, item) => ({ item, scores: { correct } }))
      runs.set(model, await recordRun(t, datasetId, executions))
    }
  })
  afterAll(() => t[Symbol.asyncDispose]())

  async function compare(baseline: Gsm8kModel, candidate: Gsm8kModel) {
    const ids = { baselineId: runs.get(baseline) ?? null, candidateIds: [runs.get(candidate) ?? ''] }
    const comparison = await openComparison(t.db, t.scope, ids)
    const [figures] = await compareMetrics(t.db, new ComparisonSequences(t.db), comparison)
    return figures
  }

  test('have the published number of correct solutions', () => {
    expect(models.map((model) => correct.get(model)?.filter(Boolean).length)).toEqual(Object.values(gsm8k.correct))
  })

  test('the large verified model is better than the small finetuned one, at the end and long before', async () => {
    const figures = await compare('6b_finetuning', '175b_verification')
    expect(figures).toMatchObject({ verdict: 'IMPROVED', pairs: 1319, missing: 0, method: 'EXACT_MCNEMAR' })
    expect(figures?.delta).toBeCloseTo((742 - 286) / 1319, 12)
    expect(figures?.sequence?.low).toBeGreaterThan(0.2)
    expect(figures?.sequencePairs).toBe(1319)
  })

  test.each([
    ['6b_verification', '175b_finetuning'],
    ['175b_finetuning', '6b_verification'],
    ['6b_finetuning', '6b_verification'],
  ] as const)(
    'from %s to %s the counts are those of the file and the p value is exact',
    async (baseline, candidate) => {
      const before = correct.get(baseline) ?? []
      const after = correct.get(candidate) ?? []
      const count = (was: boolean, is: boolean) => before.filter((value, i) => value === was && after[i] === is).length
      const [gained, lost] = [count(false, true), count(true, false)]
      expect(await compare(baseline, candidate)).toMatchObject({
        improved: gained,
        regressed: lost,
        unchanged: 1319 - gained - lost,
        missing: 0,
        pValue: expect.closeTo(exactMcNemar(gained, lost), 12),
      })
    },
  )
})

/** 2 · P(X ≤ min) for X binomial with ½, in whole numbers. */
function exactMcNemar(gained: number, lost: number): number {
  const n = gained + lost
  let [term, sum] = [1n, 0n]
  for (let k = 0; k <= Math.min(gained, lost); k++) {
    sum += term
    term = (term * BigInt(n - k)) / BigInt(k + 1)
  }
  const digits = 10n ** 18n
  return Math.min(1, Number((2n * sum * digits) / 2n ** BigInt(n)) / Number(digits))
}
