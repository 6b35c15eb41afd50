import { describe, expect, it } from 'vitest'
import { createEvaluator, parseEvaluatorSpec } from '../../src/evaluators/registry.ts'
import { inThisProcess } from '../helpers/functions.ts'
import { type Gsm8kModel, gsm8k, readQuestions, readSolutions } from '../helpers/gsm8k.ts'
import { evaluationInput } from './evaluation-input.ts'

describe.skipIf(!gsm8k.present)(`numeric on GSM8K (${gsm8k.note})`, () => {
  it.each(Object.entries(gsm8k.correct) as [Gsm8kModel, number][])(
    'configured by patterns only finds %s correct on %i of 1,319 questions',
    async (model, correct) => {
      const questions = readQuestions()
      const solutions = readSolutions()
      const functions = inThisProcess({})
      const options = { kind: 'builtin', type: 'numeric', outputPattern: 'A:(.*)', expectedPattern: '####(.*)' }
      const evaluate = createEvaluator(parseEvaluatorSpec(options, functions.registered), 'correct', functions)
      const context = { signal: new AbortController().signal }

      let count = 0
      for (const [index, { answer }] of questions.entries()) {
        const recorded = solutions[index]?.[model]
        const scores = await evaluate(
          evaluationInput({ output: recorded?.solution ?? null, expectedOutput: answer }),
          context,
        )
        expect(scores[0]?.value).toBe(Number(recorded?.is_correct))
        count += scores[0]?.value ?? 0
      }
      expect([questions.length, count]).toEqual([1319, correct])
    },
  )
})
