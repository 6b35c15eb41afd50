/** GSM8K's test questions and the recorded solutions of four models, if present; they are not part of the project. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

const directory = process.env.ASSAY_GSM8K ?? path.join(import.meta.dirname, '../../../shared/data/gsm8k')

export const gsm8k = {
  present: existsSync(path.join(directory, 'model_solutions.jsonl')),
  /** For test names: why the tests are skipped, if they are. */
  get note() {
    return gsm8k.present ? directory : `skipped: set ASSAY_GSM8K, nothing at ${directory}`
  },
  questions: path.join(directory, 'test.jsonl'),
  /** The number of correct solutions of each model, of 1,319. */
  correct: { '6b_finetuning': 286, '6b_verification': 515, '175b_finetuning': 458, '175b_verification': 742 },
}

if (!gsm8k.present) console.warn(`GSM8K: ${gsm8k.note}`)

export type Gsm8kModel = keyof typeof gsm8k.correct

export function readQuestions(): { question: string; answer: string }[] {
  return readLines('test.jsonl')
}

/** The answer of each model to each question, and whether it is correct. */
export function readSolutions(): (Record<Gsm8kModel, { solution: string; is_correct: boolean }> & {
  question: string
})[] {
  return readLines('model_solutions.jsonl')
}

function readLines<Row>(name: string): Row[] {
  const lines = readFileSync(path.join(directory, name), 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line))
}
