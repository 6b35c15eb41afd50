/** One score of several others of an item: their weighted mean, or what an expression says, which runs in the sandbox of code. */
import * as z from 'zod'
import { calculations } from '../calculations/calculations.ts'
import type { CompositeEvaluatorSpec, Evaluate, Evaluation, GivenScore } from '../domain/evaluation.ts'
import { groupOf } from '../domain/execution/call-subject.ts'
import { invalidInput, optional, parseInput, text } from '../domain/parse-input.ts'
import { maxScoreName } from '../domain/score.ts'
import type { ExpressionCall } from './code/run-expression.ts'

const schema = z.strictObject({
  kind: z.literal('composite'),
  scores: z
    .array(
      z.strictObject({
        name: text.min(1).max(maxScoreName),
        weight: optional(z.number().min(0).max(1e6), 1),
      }),
    )
    .min(1)
    .max(50),
  expression: optional(text.min(1).max(10_000), null),
  missing: optional(z.enum(['NULL', 'SKIP', 'ZERO']), 'NULL'),
})

/** @throws {InvalidInputError} */
export function parseComposite(input: unknown, path: readonly string[]): CompositeEvaluatorSpec {
  const spec = parseInput(schema, input, path)
  const names = spec.scores.map(({ name }) => name)
  const twice = names.findIndex((name, index) => names.indexOf(name) < index)
  if (twice !== -1)
    throw invalidInput([...path, 'scores', String(twice), 'name'], 'expected each score once', names[twice])
  if (spec.expression === null && spec.scores.every(({ weight }) => weight === 0)) {
    throw invalidInput([...path, 'scores'], 'expected a weight above 0', spec.scores)
  }
  return spec
}

const expressionModule = new URL('code/run-expression.ts', import.meta.url)
const expressionMs = 1_000
const graceMs = 500

/**
 * Checks the expression of a composite.
 * @throws {InvalidInputError}
 */
export async function checkComposite(
  { expression, scores }: CompositeEvaluatorSpec,
  group: string,
  path: readonly string[],
): Promise<void> {
  if (expression === null) return
  const at = [...path, 'composite', 'expression']
  const call: ExpressionCall = { expression, scores: Object.fromEntries(scores.map(({ name }) => [name, 0])), at }
  await calculations.run({ module: expressionModule, input: call, group, timeoutMs: expressionMs + graceMs })
}

export function createComposite(spec: CompositeEvaluatorSpec, name: string): Evaluate {
  const score = { name, dataType: 'NUMERIC' as const, label: null, comment: null, metadata: null, costUsd: null }
  return async ({ scores: given = [] }, { subject, signal }): Promise<Evaluation[]> => {
    const found = spec.scores.map(({ name }) => given.find((score) => score.name === name && isGiven(score)) ?? null)
    if (spec.missing === 'NULL' && found.includes(null)) return []
    if (spec.expression === null) {
      const value = weightedMean(spec, found)
      return value === null ? [] : [{ ...score, value }]
    }
    const absent = spec.missing === 'ZERO' ? 0 : null
    const values = spec.scores.map(({ name }, index) => [name, scalarOf(found[index] ?? null) ?? absent] as const)
    const call: ExpressionCall = { expression: spec.expression, scores: Object.fromEntries(values), at: null }
    const timeoutMs = expressionMs + graceMs
    const value = await calculations.run<number | null>({
      module: expressionModule,
      input: call,
      group: groupOf(subject),
      timeoutMs,
      signal,
    })
    return value === null ? [] : [{ ...score, value }]
  }
}

function isGiven({ value, label }: GivenScore): boolean {
  return value !== null || label !== null
}

function scalarOf(score: GivenScore | null): number | string | null {
  return score && (score.value ?? score.label)
}

/** Null when there is nothing with a weight. @throws {Error} a label has no mean */
function weightedMean(
  { scores, missing }: CompositeEvaluatorSpec,
  found: readonly (GivenScore | null)[],
): number | null {
  let [sum, weights] = [0, 0]
  for (const [index, { name, weight }] of scores.entries()) {
    const score = found[index] ?? null
    if (score === null && missing === 'SKIP') continue
    if (score !== null && score.value === null) {
      throw new Error(
        `Expected a number for "${name}", got the label ${JSON.stringify(score.label)}: use an expression.`,
      )
    }
    sum += weight * (score?.value ?? 0)
    weights += weight
  }
  return weights === 0 ? null : sum / weights
}

/** The scores that it needs of an item. */
export function neededScores({ scores }: CompositeEvaluatorSpec): string[] {
  return scores.map(({ name }) => name)
}
