import type { Evaluation, ScoreDataType } from '../domain/evaluation.ts'
import { excerptOf } from '../domain/excerpt.ts'
import type { ModuleEvaluator } from '../domain/execution/modules.ts'
import { costOf } from '../domain/execution/usage.ts'
import { replaceUnstorable } from '../domain/json/storable.ts'
import { toJson } from '../domain/json/to-json.ts'

/** The name of an evaluator function's scores and, where their values leave it open, their type. */
type Declared = Pick<ModuleEvaluator, 'name' | 'dataType'>

/**
 * Converts what an evaluator function returned to scores: a number, a boolean, a string, an object with a `value`, null
 * for "does not apply", or an array of these. Numbers are NUMERIC, booleans BOOLEAN, strings CATEGORICAL, unless the
 * `dataType` of the evaluation or of the evaluator says otherwise.
 * @throws {Error} for anything else: NaN and infinities, undefined, several scores with one name.
 */
export function evaluationsOf(returned: unknown, declared: Declared): Evaluation[] {
  const parts = Array.isArray(returned) ? returned : [returned]
  const evaluations = parts.map((part) => evaluationOf(part, declared)).filter((evaluation) => evaluation !== null)
  const names = new Set<string>()
  for (const { name } of evaluations) {
    if (names.has(name)) throw new Error(`Expected scores with different names, got two named "${name}".`)
    names.add(name)
  }
  return evaluations
}

function evaluationOf(part: unknown, declared: Declared): Evaluation | null {
  if (part === null) return null
  if (typeof part !== 'object') return scoreOf(part, {}, declared)
  if (!('value' in part))
    throw new Error(`Expected an object with a value, got one with ${Object.keys(part).join(', ') || 'nothing'}.`)
  if (part.value !== null) return scoreOf(part.value, part, declared)
  const costUsd = costOf(member(part, 'costUsd'))
  return costUsd === null ? null : { ...scoreOf(0, part, declared), value: null, label: null, costUsd }
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
  if (typeof name === 'string' && name.trim() !== '') return replaceUnstorable(name)
  throw new Error(`Expected a string as the name, got ${excerptOf(name)}.`)
}

function member(parts: object, key: string): unknown {
  return (parts as Record<string, unknown>)[key]
}
