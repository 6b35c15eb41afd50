/** The evaluators that come with Assay, by type. */
import type { BuiltinEvaluatorSpec, BuiltinEvaluatorType } from '../domain/evaluation.ts'
import type { Builtin, Judge, SpecOf } from './builtin.ts'
import { contains } from './contains.ts'
import { cost } from './cost.ts'
import { exactMatch } from './exact-match.ts'
import { jsonEquals } from './json-equals.ts'
import { jsonSchema } from './json-schema.ts'
import { latency } from './latency.ts'
import { levenshtein } from './levenshtein.ts'
import { numeric } from './numeric.ts'
import { regex } from './regex.ts'
import { trajectory } from './trajectory.ts'

export const builtins: { [Type in BuiltinEvaluatorType]: Builtin<Type> } = {
  exactMatch,
  contains,
  regex,
  numeric,
  jsonEquals,
  jsonSchema,
  levenshtein,
  latency,
  cost,
  trajectory,
}

/**
 * Prepares a builtin evaluator.
 * @param at the position of its options in the caller's input
 * @throws {InvalidInputError} for invalid patterns, paths and schemas.
 */
export function compileBuiltin(spec: BuiltinEvaluatorSpec, at: readonly string[]): Judge {
  return compile(spec.type, spec, at)
}

function compile<Type extends BuiltinEvaluatorType>(type: Type, spec: SpecOf<Type>, at: readonly string[]): Judge {
  return builtins[type].create(spec, at)
}

export function isBuiltinType(type: unknown): type is BuiltinEvaluatorType {
  return typeof type === 'string' && Object.hasOwn(builtins, type)
}
