import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { createEvaluator, parseEvaluatorSpec } from '../../src/evaluators/registry.ts'
import { evaluationInput } from './evaluation-input.ts'

const directory = process.env.ASSAY_GSM8K ?? path.join(import.meta.dirname, '../../../shared/data/gsm8k')
const present = existsSync(path.join(directory, 'test.jsonl'))

function read<Row>(file: string): Row[] {
  const lines = readFileSync(path.join(directory, file), 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line))
}

describe.skipIf(!present)(
  `numeric on GSM8K (${present ? directory : `skipped: set ASSAY_GSM8K, nothing at ${directory}`})`,
  () => {
    it.each([
      ['6b_finetuning', 286],
      ['6b_verification', 515],
      ['175b_finetuning', 458],
      ['175b_verification', 742],
    ])('configured by patterns only finds %s correct on %i of 1,319 questions', async (model, correct) => {
      const questions = read<{ answer: string }>('test.jsonl')
      const solutions = read<Record<string, { solution: string; is_correct: boolean }>>('model_solutions.jsonl')
      const modules = { tasks: new Map(), evaluators: new Map() }
      const options = { kind: 'builtin', type: 'numeric', outputPattern: 'A:(.*)', expectedPattern: '####(.*)' }
      const evaluate = createEvaluator(parseEvaluatorSpec(options, modules), 'correct', modules)
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
    })
  },
)
