import type { Evaluation, EvaluationInput } from '../../src/domain/evaluation.ts'
import { createEvaluator, parseEvaluatorSpec } from '../../src/evaluators/registry.ts'
import { inThisProcess } from '../helpers/functions.ts'

const functions = inThisProcess({})

export function evaluationInput(parts: Partial<EvaluationInput> = {}): EvaluationInput {
  return {
    input: 'question',
    output: 'answer',
    expectedOutput: 'answer',
    metadata: null,
    latencyMs: 100,
    costUsd: null,
    ...parts,
  }
}

/** Scores one output with a built-in evaluator. */
export async function evaluate(
  options: { type: string; [option: string]: unknown },
  parts: Partial<EvaluationInput>,
): Promise<Evaluation[]> {
  const spec = parseEvaluatorSpec({ kind: 'builtin', ...options }, functions.registered)
  return createEvaluator(spec, 'score', functions)(evaluationInput(parts), { signal: new AbortController().signal })
}

/** The value of the one score, or null when the evaluator does not apply. */
export async function scoreOf(
  options: { type: string; [option: string]: unknown },
  parts: Partial<EvaluationInput>,
): Promise<number | null> {
  const evaluations = await evaluate(options, parts)
  return evaluations[0]?.value ?? null
}
