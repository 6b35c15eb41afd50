import type { BuiltinEvaluatorType, Evaluate, EvaluatorSpec, ScoreRules } from '../domain/evaluation.ts'
import type { Modules } from '../domain/execution/modules.ts'
import { invalidInput, parseInput } from '../domain/parse-input.ts'
import type { Builtin, SpecOf } from './builtin.ts'
import { createClientEvaluator } from './client.ts'
import { contains } from './contains.ts'
import { cost } from './cost.ts'
import { exactMatch } from './exact-match.ts'
import { jsonEquals } from './json-equals.ts'
import { jsonSchema } from './json-schema.ts'
import { latency } from './latency.ts'
import { levenshtein } from './levenshtein.ts'
import { createModuleEvaluator, parseModuleEvaluator } from './module.ts'
import { numeric } from './numeric.ts'
import { regex } from './regex.ts'

const builtins: { [Type in BuiltinEvaluatorType]: Builtin<Type> } = {
  exactMatch,
  contains,
  regex,
  numeric,
  jsonEquals,
  jsonSchema,
  levenshtein,
  latency,
  cost,
}

/**
 * Prepares an evaluator for a run.
 * @param name name of its score; functions may return scores with other names
 * @throws {InvalidInputError} for a spec that {@link parseEvaluatorSpec} would refuse.
 */
export function createEvaluator(spec: EvaluatorSpec, name: string, modules: Modules): Evaluate {
  if (spec.kind === 'module') return createModuleEvaluator(spec, name, modules)
  if (spec.kind === 'client') return createClientEvaluator(spec)
  const { dataType } = builtins[spec.type]
  const judge = compile(spec.type, spec, ['definition', 'builtin', spec.type])
  return (item) => {
    const judged = judge(item)
    return judged === null ? [] : [{ name, dataType, ...judged, label: null, metadata: null }]
  }
}

/**
 * Checks an evaluator's definition as passed by a client and fills in the defaults.
 * @param path its position in the caller's input; errors continue it with kind and type, e.g.
 *   `definition.builtin.regex.pattern`
 * @throws {InvalidInputError}
 */
export function parseEvaluatorSpec(
  input: unknown,
  modules: Modules,
  path: readonly string[] = ['definition'],
): EvaluatorSpec {
  const { kind, type } = (typeof input === 'object' && input !== null ? input : {}) as {
    kind?: unknown
    type?: unknown
  }
  if (kind === 'module') return parseModuleEvaluator(input, modules, [...path, kind])
  if (kind !== 'builtin') throw invalidInput([...path, 'kind'], 'expected one of builtin, module', kind)
  if (!isBuiltinType(type)) {
    throw invalidInput([...path, kind, 'type'], `expected one of ${Object.keys(builtins).join(', ')}`, type)
  }
  const at = [...path, kind, type]
  const spec = parseInput(builtins[type].schema, input, at)
  compile(type, spec, at)
  return spec
}

/** What a definition says of its scores. The rest is for the evaluator's creator to choose. */
export function declaredRules(spec: EvaluatorSpec, modules: Modules): Partial<ScoreRules> {
  if (spec.kind === 'client') return {}
  if (spec.kind === 'builtin') {
    const { dataType, range } = builtins[spec.type]
    return { dataType, ...range }
  }
  const { dataType, direction, min, max, categories, failurePolicy } = modules.evaluators.get(spec.module) ?? {}
  const declared = { dataType, direction, min, max, categories, failurePolicy }
  return Object.fromEntries(Object.entries(declared).filter(([, value]) => value !== undefined))
}

function compile<Type extends BuiltinEvaluatorType>(type: Type, spec: SpecOf<Type>, at: readonly string[]) {
  return builtins[type].create(spec, at)
}

function isBuiltinType(type: unknown): type is BuiltinEvaluatorType {
  return typeof type === 'string' && Object.hasOwn(builtins, type)
}
