/** GSM8K's test questions and the recorded solutions of four models, where they are present; they are not part of the project. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'

const directory = process.env.ASSAY_GSM8K ?? path.join(import.meta.dirname, '../../../shared/data/gsm8k')

export const gsm8k = {
  present: existsSync(path.join(directory, 'model_solutions.jsonl')),
  /** For the name of a test: says why it is skipped when it is. */
  get note() {
    return gsm8k.present ? directory : `skipped: set ASSAY_GSM8K, nothing at ${directory}`
  },
  questions: path.join(directory, 'test.jsonl'),
  /** How many of the 1,319 solutions of each model are right. */
  correct: { '6b_finetuning': 286, '6b_verification': 515, '175b_finetuning': 458, '175b_verification': 742 },
}

export type Gsm8kModel = keyof typeof gsm8k.correct

/** What each model answered, by question. */
export async function readSolutions(): Promise<Map<string, Record<Gsm8kModel, string>>> {
  const text = await readFile(path.join(directory, 'model_solutions.jsonl'), 'utf8')
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const models = Object.keys(gsm8k.correct)
  return new Map(
    rows.map((row) => [
      row.question,
      Object.fromEntries(models.map((model) => [model, row[model].solution])) as Record<Gsm8kModel, string>,
    ]),
  )
}
