/** Runs in a process for calculations: what the code of an evaluator says of an item. */
import type { Evaluation, EvaluationInput, ScoreDataType } from '../../domain/evaluation.ts'
import type { Json } from '../../domain/json/json.ts'
import { evaluationsOf } from '../module-result.ts'
import { callCode } from './sandbox.ts'

export interface CodeEvaluation {
  code: string
  timeoutMs: number
  item: EvaluationInput
  declared: { name: string; dataType?: ScoreDataType }
}

/** @throws {CodeError} @throws {Error} what it returned is no score */
export async function calculate({ code, timeoutMs, item, declared }: CodeEvaluation): Promise<Evaluation[]> {
  const entry = `typeof evaluate === 'function' ? evaluate : (() => { throw new TypeError(${JSON.stringify(expected)}) })`
  return evaluationsOf(await callCode({ code, entry, argument: item as unknown as Json, timeoutMs }), declared)
}

const expected = 'expected the code to define a function evaluate(item)'
