import { calculationLimits, calculations, maxCalculationMb, TooHeavyError } from '../calculations/calculations.ts'
import type { BuiltinEvaluatorSpec, Direction, Evaluate, EvaluatorSpec, ScoreRules } from '../domain/evaluation.ts'
import { groupOf } from '../domain/execution/call-subject.ts'
import type { Functions } from '../domain/execution/functions.ts'
import type { Json } from '../domain/json/json.ts'
import { invalidInput, parseInput } from '../domain/parse-input.ts'
import type { Judgement } from './builtin.ts'
import { builtins, compileBuiltin, isBuiltinType } from './builtins.ts'
import { createClientEvaluator } from './client.ts'
import { checkCode, createCode, parseCode } from './code/code.ts'
import { checkComposite, createComposite, neededScores, parseComposite } from './composite.ts'
import { heavinessOf } from './heavy.ts'
import { createHttpEvaluator, parseHttpEvaluator } from './http.ts'
import { judgeCatalogue } from './judge/catalogue.ts'
import { createJudge, parseJudge, rulesOfJudge } from './judge/judge.ts'
import { createPairwise, type PairwiseParts, parsePairwise } from './judge/pairwise.ts'
import { type DeclaredEvaluators, evaluatorTimeoutMs, parseModuleEvaluator } from './module.ts'
import { createSimilarity, parseSimilarity } from './similarity.ts'

/** What a project gives its evaluators that call others. */
export type EvaluatorParts = PairwiseParts

/**
 * Prepares an evaluator for a run.
 * @param name name of its score; functions may return scores with other names
 * @param functions calls those of assay.config.ts
 * @param parts for evaluators that call models and endpoints
 * @throws {InvalidInputError} for a spec that {@link parseEvaluatorSpec} would refuse.
 */
export function createEvaluator(
  spec: EvaluatorSpec,
  name: string,
  functions: Functions,
  parts: EvaluatorParts | null = null,
): Evaluate {
  if (spec.kind === 'module') {
    const evaluate: Evaluate = (item, { timeoutMs = evaluatorTimeoutMs, ...call }) =>
      functions.evaluate(spec.module, name, item, { ...call, timeoutMs })
    return Object.assign(evaluate, { keepsTime: true as const })
  }
  switch (spec.kind) {
    case 'client':
      return createClientEvaluator(spec)
    case 'judge':
      return createJudge(spec, name, required(parts))
    case 'pairwise':
      return createPairwise(spec, name, required(parts))
    case 'similarity':
      return createSimilarity(spec, name, required(parts))
    case 'http':
      return createHttpEvaluator(spec, name, required(parts).http)
    case 'code':
      return createCode(spec, name)
    case 'composite':
      return createComposite(spec, name)
  }
  const { dataType } = builtins[spec.type]
  const evaluations = (judged: Judgement | null) =>
    judged === null ? [] : [{ name, dataType, ...judged, label: null, metadata: null, costUsd: null }]
  const isHeavy = heavinessOf(spec)
  const judge = isCompiledElsewhere(spec) ? null : compileBuiltin(spec, ['definition', 'builtin', spec.type])
  const evaluate: Evaluate = (item, { subject }) => {
    if (judge !== null && !isHeavy(item)) return evaluations(judge(item))
    const calculation = {
      module: builtinModule,
      input: { spec, item },
      group: groupOf(subject),
      timeoutMs: calculationLimits.evaluationMs,
    }
    return calculations.run<Judgement | null>(calculation).then(evaluations)
  }
  return Object.assign(evaluate, { isImmediate: true as const })
}

function required(parts: EvaluatorParts | null): EvaluatorParts {
  if (parts) return parts
  throw new Error('This process calls no models and no endpoints.')
}

const builtinModule = new URL('calculate-builtin.ts', import.meta.url)
const schemaModule = new URL('check-schema.ts', import.meta.url)

/** Whether even compiling it may take long. */
function isCompiledElsewhere(spec: BuiltinEvaluatorSpec): boolean {
  return schemasOf(spec).length > 0
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
  if (spec.kind === 'code') await checkCode(spec, group, path)
  if (spec.kind === 'composite') await checkComposite(spec, group, path)
  if (spec.kind !== 'builtin') return
  for (const { schema, at } of schemasOf(spec)) await checkSchema(schema, group, [...path, spec.kind, spec.type, ...at])
}

/** Those that users choose, with their places in the options. */
function schemasOf(spec: BuiltinEvaluatorSpec): { schema: Json; at: string[] }[] {
  if (spec.type === 'jsonSchema') return [{ schema: spec.schema, at: ['schema'] }]
  if (spec.type !== 'trajectory') return []
  return spec.arguments.map(({ schema }, index) => ({ schema, at: ['arguments', String(index), 'schema'] }))
}

/**
 * Compiles a JSON Schema, without occupying the event loop.
 * @param group who asks, such as a project
 * @throws {InvalidInputError} when it is invalid, or takes too long
 */
export async function checkSchema(schema: Json, group: string, at: readonly string[]): Promise<void> {
  const { schemaMs } = calculationLimits
  try {
    await calculations.run({ module: schemaModule, input: { schema, at }, group, timeoutMs: schemaMs })
  } catch (error) {
    if (!(error instanceof TooHeavyError)) throw error
    throw invalidInput(
      at,
      `expected a JSON Schema that compiles within ${schemaMs / 1_000} s and ${maxCalculationMb} MB`,
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
  if (isParsed(kind)) return parsers[kind](input, [...path, kind])
  if (kind !== 'builtin') {
    const kinds = ['builtin', 'module', ...Object.keys(parsers)]
    throw invalidInput([...path, 'kind'], `expected one of ${kinds.join(', ')}`, kind)
  }
  if (!isBuiltinType(type)) {
    throw invalidInput([...path, kind, 'type'], `expected one of ${Object.keys(builtins).join(', ')}`, type)
  }
  const at = [...path, kind, type]
  const spec = parseInput(builtins[type].schema, input, at)
  if (!isCompiledElsewhere(spec)) compileBuiltin(spec, at)
  return spec
}

/** Of kinds whose definitions are of themselves. */
const parsers = {
  judge: parseJudge,
  pairwise: parsePairwise,
  code: parseCode,
  http: parseHttpEvaluator,
  composite: parseComposite,
  similarity: parseSimilarity,
}

function isParsed(kind: unknown): kind is keyof typeof parsers {
  return typeof kind === 'string' && Object.hasOwn(parsers, kind)
}

/** What a definition says of its scores. The rest is for the evaluator's creator to choose. */
export function declaredRules(spec: EvaluatorSpec, functions: DeclaredEvaluators): Partial<ScoreRules> {
  switch (spec.kind) {
    case 'builtin': {
      const { dataType, range } = builtins[spec.type]
      return { dataType, ...range }
    }
    case 'judge':
      return rulesOfJudge(spec)
    case 'pairwise':
      return { dataType: 'NUMERIC', min: 0, max: 1 }
    case 'similarity':
      return { dataType: 'NUMERIC', min: -1, max: 1 }
    case 'composite':
      return { dataType: 'NUMERIC' }
    case 'client':
    case 'code':
    case 'http':
      return {}
  }
  const { dataType, direction, min, max, categories, failurePolicy } = functions.evaluators.get(spec.module) ?? {}
  const declared = { dataType, direction, min, max, categories, failurePolicy }
  return Object.fromEntries(Object.entries(declared).filter(([, value]) => value !== undefined))
}

/** The names of scores of an item that an evaluator needs: it runs after those that give them. */
export function scoresNeeded(spec: EvaluatorSpec): string[] {
  return spec.kind === 'composite' ? neededScores(spec) : []
}

/** Which of its scores are better, where nobody says otherwise. */
export function usualDirection(spec: EvaluatorSpec): Direction {
  const template = spec.kind === 'judge' ? judgeCatalogue.find(({ name }) => name === spec.template) : undefined
  return template?.direction ?? 'HIGHER_IS_BETTER'
}
