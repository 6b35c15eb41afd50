import { messageOf } from '../domain/errors.ts'
import type { Evaluation, ScoreDataType } from '../domain/evaluation.ts'
import { excerptOf } from '../domain/excerpt.ts'
import type { AutoevalsScore, ModuleEvaluator } from '../domain/execution/modules.ts'
import { costOf } from '../domain/execution/usage.ts'
import { replaceUnstorable } from '../domain/json/storable.ts'
import { toJson } from '../domain/json/to-json.ts'
import { maxScoreName } from '../domain/score.ts'

/** The name of an evaluator function's scores and, where their values leave it open, their type. */
type Declared = Pick<ModuleEvaluator, 'name' | 'dataType'>

/**
 * Converts what an evaluator function returned to scores: a number, a boolean, a string, an object with a `value`, a score of
 * autoevals, null for "does not apply", or an array of these. Numbers are NUMERIC, booleans BOOLEAN, strings CATEGORICAL, unless the
 * `dataType` of the evaluation or of the evaluator says otherwise.
 * What is no score in a list with others is one with a `failure`, so that the others are kept.
 * @throws {Error} for anything else: NaN and infinities, undefined, several scores with one name.
 */
export function evaluationsOf(returned: unknown, declared: Declared): Evaluation[] {
  const parts = Array.isArray(returned) ? returned : [returned]
  let thrown: unknown
  const evaluations = parts.flatMap((part): Evaluation | [] => {
    try {
      return evaluationOf(part, declared) ?? []
    } catch (error) {
      thrown ??= error
      return failedPart(part, declared, messageOf(error))
    }
  })
  const distinct = [...Map.groupBy(evaluations, ({ name }) => name).values()].flatMap(onlyOne)
  const failures = distinct.flatMap(({ failure }) => failure ?? [])
  if (failures.length > 0 && failures.length === distinct.length) throw thrown ?? new Error(failures[0])
  return distinct
}

/** @param named those with one name, at least one */
function onlyOne(named: readonly Evaluation[]): Evaluation | [] {
  const [first, second] = named
  if (!first || !second) return first ?? []
  const failed = named.find(({ failure }) => failure !== undefined)
  const failure = failed?.failure ?? `Expected scores with different names, got two named "${first.name}".`
  const known = named.flatMap(({ costUsd }) => costUsd ?? [])
  const costUsd = known.length === 0 ? null : known.reduce((sum, cost) => sum + cost, 0)
  return { ...first, value: null, label: null, comment: null, metadata: null, costUsd, failure }
}

function failedPart(part: unknown, declared: Declared, failure: string): Evaluation {
  const { name, costUsd } = (typeof part === 'object' && part !== null ? part : {}) as Record<string, unknown>
  const isNamed = typeof name === 'string' && name.trim() !== '' && name.trim().length <= maxScoreName
  return {
    name: isNamed ? nameOf(name) : declared.name,
    dataType: declared.dataType ?? 'NUMERIC',
    ...{ value: null, label: null, comment: null, metadata: null },
    costUsd: costOf(costUsd),
    failure,
  }
}

function evaluationOf(part: unknown, declared: Declared): Evaluation | null {
  if (part === null) return null
  if (typeof part !== 'object') return scoreOf(part, {}, declared)
  if (isOfAutoevals(part)) return scoreOfAutoevals(part, declared)
  if (!('value' in part)) {
    const got = Object.keys(part).join(', ') || 'nothing'
    throw new Error(
      `Expected an object with a value, such as { value: 0.5 } or { value: 'good' }, got one with ${got}.`,
    )
  }
  if (part.value !== null) return scoreOf(part.value, part, declared)
  const costUsd = costOf(member(part, 'costUsd'))
  return costUsd === null ? null : { ...scoreOf(0, part, declared), value: null, label: null, costUsd }
}

function isOfAutoevals(part: object): part is AutoevalsScore {
  return !('value' in part) && 'score' in part && 'name' in part && typeof part.name === 'string'
}

/** Its name is the scorer's, but its series is the evaluator's. It tells a failure by a member. */
function scoreOfAutoevals({ score, metadata, error }: AutoevalsScore, declared: Declared): Evaluation | null {
  if (error !== undefined && error !== null) throw error
  if (score === null) return null
  const rationale = metadata?.rationale
  return scoreOf(score, { metadata, ...(typeof rationale === 'string' && { comment: rationale }) }, declared)
}

function scoreOf(value: unknown, parts: object, declared: Declared): Evaluation {
  const dataType = dataTypeOf(value, member(parts, 'dataType'), declared.dataType)
  const label = dataType === 'CATEGORICAL' || dataType === 'TEXT'
  const comment = member(parts, 'comment')
  return {
    name: nameOf(member(parts, 'name') ?? declared.name),
    dataType,
    value: label ? null : Number(value),
    label: label ? replaceUnstorable(String(value)) : null,
    comment: comment === undefined || comment === null ? null : replaceUnstorable(String(comment)),
    metadata: toJson(member(parts, 'metadata')),
    costUsd: costOf(member(parts, 'costUsd')),
  }
}

/** The requested type if the value fits it, else the value's own type. */
function dataTypeOf(value: unknown, own: unknown, declared: ScoreDataType | undefined): ScoreDataType {
  const possible = typesOf(value)
  if (own !== undefined && own !== null) {
    const requested = possible.find((type) => type === own)
    if (requested === undefined)
      throw new Error(`Expected a value of the type ${String(own)}, got ${excerptOf(value)}.`)
    return requested
  }
  const [natural] = possible
  if (natural === undefined) {
    throw new Error(
      `Expected a finite number, a boolean, a string or null for "does not apply", got ${excerptOf(value)}.`,
    )
  }
  return declared !== undefined && possible.includes(declared) ? declared : natural
}

/** The types that a value fits, its natural one first. */
function typesOf(value: unknown): ScoreDataType[] {
  if (typeof value === 'boolean') return ['BOOLEAN']
  if (typeof value === 'string') return ['CATEGORICAL', 'TEXT']
  if (value === 0 || value === 1) return ['NUMERIC', 'BOOLEAN']
  return Number.isFinite(value) ? ['NUMERIC'] : []
}

function nameOf(name: unknown): string {
  if (typeof name !== 'string' || name.trim() === '') {
    throw new Error(`Expected a string as the name, got ${excerptOf(name)}.`)
  }
  const trimmed = replaceUnstorable(name.trim())
  if (trimmed.length <= maxScoreName) return trimmed
  throw new Error(`Expected a score with a name of at most ${maxScoreName} characters, got ${trimmed.length}.`)
}

function member(parts: object, key: string): unknown {
  return (parts as Record<string, unknown>)[key]
}
