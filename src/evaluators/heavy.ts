/**
 * Which evaluations may take long: their cost depends on patterns, paths, schemas and texts that users choose, and can
 * grow faster than their length. The bounds are chosen so that everything else takes a few milliseconds at most.
 */
import type { BuiltinEvaluatorSpec, EvaluationInput } from '../domain/evaluation.ts'
import type { Json } from '../domain/json/json.ts'
import { isHeavyPath } from '../domain/json/json-path.ts'
import { compilePattern } from '../domain/pattern.ts'

/** Instructions of a pattern × characters of a text; so much takes about 5 ms. */
const maxPatternSteps = 150_000
/** The product of two lengths; so much takes about 5 ms. */
const maxDistanceSteps = 20_000_000
/** Characters that are counted as people see them; so many take about 10 ms. */
const maxSegmented = 20_000
/** Characters and values; what reads all of them takes about 5 ms. */
const maxSize = 200_000

/** Tells of an evaluator's inputs whether it may take long to score them. */
export function heavinessOf(spec: BuiltinEvaluatorSpec): (item: EvaluationInput) => boolean {
  const hasSchema = spec.type === 'jsonSchema' || (spec.type === 'trajectory' && spec.arguments.length > 0)
  if (pathsOf(spec).some(isHeavyPath) || hasSchema) return () => true
  const instructions = patternsOf(spec).reduce((sum, pattern) => sum + compilePattern(pattern, '', []).programSize(), 0)
  return ({ output, expectedOutput }) => {
    const sizes = [sizeOf(output), sizeOf(expectedOutput)] as const
    if (instructions * (sizes[0] + sizes[1]) > maxPatternSteps) return true
    if (spec.type === 'levenshtein') return sizes[0] * sizes[1] > maxDistanceSteps || sizes[0] + sizes[1] > maxSegmented
    return sizes[0] + sizes[1] > maxSize
  }
}

function pathsOf(spec: BuiltinEvaluatorSpec): string[] {
  const paths = ['outputPath', 'expectedPath'].map((name) => (spec as Record<string, unknown>)[name])
  return paths.filter((path) => typeof path === 'string')
}

function patternsOf(spec: BuiltinEvaluatorSpec): string[] {
  if (spec.type === 'regex') return [spec.pattern]
  if (spec.type !== 'numeric') return []
  return [spec.outputPattern, spec.expectedPattern].filter((pattern) => pattern !== null)
}

/** Characters and values in a value, as far as it matters. */
function sizeOf(value: Json, sum = { left: maxSize + 1 }): number {
  const before = sum.left
  add(value, sum)
  return before - sum.left
}

function add(value: Json, sum: { left: number }): void {
  sum.left -= typeof value === 'string' ? value.length : 1
  if (value === null || typeof value !== 'object') return
  for (const [key, member] of Object.entries(value)) {
    if (sum.left <= 0) return
    sum.left -= key.length
    add(member, sum)
  }
}
