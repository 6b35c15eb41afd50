import * as z from 'zod'
import type { GivenScore } from './evaluation.ts'
import { invalidInput, optional, parseInput, text } from './parse-input.ts'
import { maxScoreName } from './score.ts'

/** What another score of an item must be for an evaluator to score it. Null members leave a matter open. */
export interface ScoreCondition {
  /** The name of the score. */
  score: string
  min: number | null
  max: number | null
  labels: string[] | null
}

const schema = z.strictObject({
  score: text.min(1).max(maxScoreName),
  min: optional(z.number(), null),
  max: optional(z.number(), null),
  labels: optional(z.array(text.min(1)).min(1).max(100), null),
})

/** @param path its position in the caller's input @throws {InvalidInputError} */
export function parseScoreCondition(input: unknown, path: readonly string[]): ScoreCondition {
  const condition = parseInput(schema, input, path)
  const { min, max, labels } = condition
  if (min === null && max === null && labels === null) throw invalidInput(path, 'expected min, max or labels', input)
  if (min !== null && max !== null && min > max)
    throw invalidInput([...path, 'max'], `expected at least min, ${min}`, max)
  return condition
}

/** Whether one of the scores is as it must be; without the score it is not. */
export function holds({ score, min, max, labels }: ScoreCondition, given: readonly GivenScore[]): boolean {
  return given.some(({ name, value, label }) => {
    if (name !== score) return false
    const isWithin =
      (min === null || (value !== null && value >= min)) && (max === null || (value !== null && value <= max))
    return isWithin && (labels === null || (label !== null && labels.includes(label)))
  })
}
