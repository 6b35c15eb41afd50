import type * as z from 'zod'
import type { BuiltinEvaluatorSpec, BuiltinEvaluatorType, EvaluationInput } from '../domain/evaluation.ts'

export type SpecOf<Type extends BuiltinEvaluatorType> = Extract<BuiltinEvaluatorSpec, { type: Type }>

/** A built-in evaluator. For all of them, higher is better unless their creator says otherwise. */
export interface Builtin<Type extends BuiltinEvaluatorType> {
  /** Checks the options and fills in the defaults. */
  schema: z.ZodType<SpecOf<Type>>
  dataType: 'BOOLEAN' | 'NUMERIC'
  /** Of a NUMERIC score. */
  range?: { min: number; max: number }
  /**
   * Compiles everything that can be compiled once per run.
   * @param at the options' position in the caller's input
   * @throws {InvalidInputError} for invalid patterns, paths and schemas.
   */
  create(spec: SpecOf<Type>, at: readonly string[]): Judge
}

/** Null when it does not apply to the item. */
export type Judge = (item: EvaluationInput) => Judgement | null

export interface Judgement {
  /** 0 or 1 if the data type is BOOLEAN. */
  value: number
  comment: string | null
}

export function judgement(value: boolean | number, comment: string | null = null): Judgement {
  return { value: Number(value), comment }
}
