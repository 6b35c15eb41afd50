import { calculations, maxCalculationMb, TooHeavyError } from '../calculations/calculations.ts'
import type { BuiltinEvaluatorSpec, Evaluate, EvaluatorSpec, ScoreRules } from '../domain/evaluation.ts'
import type { Functions } from '../domain/execution/functions.ts'
import type { Json } from '../domain/json/json.ts'
import { invalidInput, parseInput } from '../domain/parse-input.ts'
import type { Judgement } from './builtin.ts'
import { builtins, compileBuiltin, isBuiltinType } from './builtins.ts'
import { createClientEvaluator } from './client.ts'
import { heavinessOf } from './heavy.ts'
import { type DeclaredEvaluators, evaluatorTimeoutMs, parseModuleEvaluator } from './module.ts'

/**
 * Prepares an evaluator for a run.
 * @param name name of its score; functions may return scores with other names
 * @param functions calls those of assay.config.ts
 * @throws {InvalidInputError} for a spec that {@link parseEvaluatorSpec} would refuse.
 */
export function createEvaluator(spec: EvaluatorSpec, name: string, functions: Functions): Evaluate {
  if (spec.kind === 'module') {
    const evaluate: Evaluate = (item, { timeoutMs = evaluatorTimeoutMs, ...call }) =>
      functions.evaluate(spec.module, name, item, { ...call, timeoutMs: Math.min(timeoutMs, evaluatorTimeoutMs) })
    return Object.assign(evaluate, { keepsTime: true as const })
  }
  if (spec.kind === 'client') return createClientEvaluator(spec)
  const { dataType } = builtins[spec.type]
  const evaluations = (judged: Judgement | null) =>
    judged === null ? [] : [{ name, dataType, ...judged, label: null, metadata: null, costUsd: null }]
  const isHeavy = heavinessOf(spec)
  const judge = isCompiledElsewhere(spec) ? null : compileBuiltin(spec, ['definition', 'builtin', spec.type])
  return (item, { ids }) => {
    if (judge !== null && !isHeavy(item)) return evaluations(judge(item))
    const calculation = {
      module: judgeModule,
      input: { spec, item },
      group: String(ids?.runId ?? ids?.preview),
      timeoutMs: heavyMs,
    }
    return calculations.run<Judgement | null>(calculation).then(evaluations)
  }
}

const judgeModule = new URL('judge.ts', import.meta.url)
const schemaModule = new URL('check-schema.ts', import.meta.url)
/** How long one evaluation may calculate. */
const heavyMs = 10_000
/** How long a schema may take to compile. */
const compileMs = 5_000

/** Whether even compiling it may take long. */
function isCompiledElsewhere(
  spec: BuiltinEvaluatorSpec,
): spec is Extract<BuiltinEvaluatorSpec, { type: 'jsonSchema' }> {
  return spec.type === 'jsonSchema'
}

/**
 * Compiles what {@link parseEvaluatorSpec} leaves out, because it may take long.
 * @param group who asks, such as a project
 * @param path as of `parseEvaluatorSpec`
 * @throws {InvalidInputError}
 */
export async function checkEvaluatorSpec(
  spec: EvaluatorSpec,
  group: string,
  path: readonly string[] = ['definition'],
): Promise<void> {
  if (spec.kind !== 'builtin' || !isCompiledElsewhere(spec)) return
  await checkSchema(spec.schema, group, [...path, spec.kind, spec.type, 'schema'])
}

/**
 * Compiles a JSON Schema, without occupying the event loop.
 * @param group who asks, such as a project
 * @throws {InvalidInputError} when it is invalid, or takes too long
 */
export async function checkSchema(schema: Json, group: string, at: readonly string[]): Promise<void> {
  try {
    await calculations.run({ module: schemaModule, input: { schema, at }, group, timeoutMs: compileMs })
  } catch (error) {
    if (!(error instanceof TooHeavyError)) throw error
    throw invalidInput(
      at,
      `expected a JSON Schema that compiles within ${compileMs / 1_000} s and ${maxCalculationMb} MB`,
      schema,
    )
  }
}

/**
 * Checks an evaluator's definition as passed by a client and fills in the defaults. What takes long to check is left to
 * {@link checkEvaluatorSpec}.
 * @param path its position in the caller's input; errors continue it with kind and type, e.g.
 *   `definition.builtin.regex.pattern`
 * @throws {InvalidInputError}
 */
export function parseEvaluatorSpec(
  input: unknown,
  functions: DeclaredEvaluators,
  path: readonly string[] = ['definition'],
): EvaluatorSpec {
  const { kind, type } = (typeof input === 'object' && input !== null ? input : {}) as {
    kind?: unknown
    type?: unknown
  }
  if (kind === 'module') return parseModuleEvaluator(input, functions, [...path, kind])
  if (kind !== 'builtin') throw invalidInput([...path, 'kind'], 'expected one of builtin, module', kind)
  if (!isBuiltinType(type)) {
    throw invalidInput([...path, kind, 'type'], `expected one of ${Object.keys(builtins).join(', ')}`, type)
  }
  const at = [...path, kind, type]
  const spec = parseInput(builtins[type].schema, input, at)
  if (!isCompiledElsewhere(spec)) compileBuiltin(spec, at)
  return spec
}

/** What a definition says of its scores. The rest is for the evaluator's creator to choose. */
export function declaredRules(spec: EvaluatorSpec, functions: DeclaredEvaluators): Partial<ScoreRules> {
  if (spec.kind === 'client') return {}
  if (spec.kind === 'builtin') {
    const { dataType, range } = builtins[spec.type]
    return { dataType, ...range }
  }
  const { dataType, direction, min, max, categories, failurePolicy } = functions.evaluators.get(spec.module) ?? {}
  const declared = { dataType, direction, min, max, categories, failurePolicy }
  return Object.fromEntries(Object.entries(declared).filter(([, value]) => value !== undefined))
}
