/** Turns what evaluators return into evaluations, and runs evaluators so that one that fails takes nothing else along. */
import { replaceUnstorable } from '../../domain/json/storable.ts'
import { toJson } from '../../domain/json/to-json.ts'
import { messageOf } from '../errors.ts'
import { withDeadline } from './deadline.ts'
import type { Direction, Evaluation, ScoreDataType } from './types.ts'

/** A function that scores, whatever it is given. */
type Scoring<Args> = (args: Args) => unknown

/** An evaluation with the evaluator that gave it, or the failure of that evaluator. */
export interface Judged {
  /** The position of the evaluator. */
  by: number
  name: string
  evaluation: Evaluation | null
  error: string | null
}

/** An evaluator may take as long as this, in milliseconds. */
const evaluatorTimeoutMs = 300_000

/** What the server stores as a score. */
const maxName = 200
const maxCategory = 400
const maxScore = 1e100

/** The evaluators of a run. They remember the names of their scores, so that a failure counts for the same score. */
export class Evaluators<Args> {
  readonly #functions: readonly Scoring<Args>[]
  readonly #fallback: string
  readonly #names = new Map<number, Set<string>>()

  /** @param fallback names the scores of functions without a name, with their number */
  constructor(functions: readonly Scoring<Args>[], fallback: string) {
    this.#functions = functions
    this.#fallback = fallback
  }

  get functions(): readonly Scoring<Args>[] {
    return this.#functions
  }

  /**
   * Runs all of them at once. Never rejects, except with `signal.reason`.
   * @param taken names of scores that there are already
   */
  async judge(args: Args, signal: AbortSignal, taken: readonly string[] = []): Promise<Judged[]> {
    const all = await Promise.all(this.#functions.map((_, by) => this.#run(by, args, signal)))
    const names = new Set(taken)
    return all.flat().map((judged) => {
      if (!names.has(judged.name)) {
        names.add(judged.name)
        return judged
      }
      const error = `Expected scores with different names, got two named "${judged.name}".`
      return { ...judged, evaluation: null, error }
    })
  }

  async #run(by: number, args: Args, signal: AbortSignal): Promise<Judged[]> {
    const own = this.#functions[by] as Scoring<Args>
    const name = (typeof own.name === 'string' && own.name) || `${this.#fallback} ${by + 1}`
    try {
      const returned = await withDeadline(() => own(args), evaluatorTimeoutMs, signal)
      const evaluations = evaluationsOf(returned, name)
      const names = this.#names.get(by) ?? new Set()
      for (const { name } of evaluations) names.add(name)
      this.#names.set(by, names)
      return evaluations.map((evaluation) => ({ by, name: evaluation.name, evaluation, error: null }))
    } catch (error) {
      if (signal.aborted) throw signal.reason
      const known = this.#names.get(by)
      return [...(known?.size ? known : [name])].map((name) => ({
        by,
        name,
        evaluation: null,
        error: messageOf(error),
      }))
    }
  }
}

/** @throws {Error} for anything that is no score: NaN, an object without a value */
export function evaluationsOf(returned: unknown, name: string): Evaluation[] {
  if (returned === null || returned === undefined) return []
  if (Array.isArray(returned)) return returned.flatMap((one) => evaluationsOf(one, name))
  if (typeof returned !== 'object') return [checked({ name, value: returned })]
  if ('value' in returned) return [checked({ name, ...returned })]
  // A score of autoevals, which tells a failure by a member too.
  if ('score' in returned) {
    const { score, error, ...rest } = returned as { score: unknown; error?: unknown }
    if (error !== undefined && error !== null) throw error
    return [checked({ name, ...rest, value: score })]
  }
  const members = Object.keys(returned).join(', ') || 'none'
  throw new Error(`Expected a score with the member value, got an object with the members ${members}.`)
}

const dataTypes: readonly ScoreDataType[] = ['NUMERIC', 'BOOLEAN', 'CATEGORICAL', 'TEXT']
const directions: readonly Direction[] = ['HIGHER_IS_BETTER', 'LOWER_IS_BETTER', 'NONE']

function checked(given: Record<string, unknown>): Evaluation {
  const { value, dataType, direction, comment, metadata, costUsd } = given
  const name = typeof given.name === 'string' ? replaceUnstorable(given.name).trim() : ''
  if (name === '') throw new Error(`Expected a name for the score, got ${show(given.name)}.`)
  if (name.length > maxName) {
    throw new Error(`Expected a name of at most ${maxName} characters for the score, got ${name.length}.`)
  }
  const evaluation: Evaluation = { name, value: null }
  if (value !== null && value !== undefined) {
    evaluation.value = scoreValue(value)
    evaluation.dataType = dataTypeOf(evaluation.value, dataType)
    if (evaluation.dataType === 'CATEGORICAL' && String(value).length > maxCategory) {
      const length = String(value).length
      throw new Error(`Expected a label of at most ${maxCategory} characters, got ${length}; longer ones are TEXT.`)
    }
  }
  if (direction !== undefined && direction !== null) {
    const known = directions.find((one) => one === direction)
    if (!known) throw new Error(`Expected one of ${directions.join(', ')} as the direction, got ${show(direction)}.`)
    evaluation.direction = known
  }
  if (comment !== undefined && comment !== null) evaluation.comment = String(comment)
  if (metadata !== undefined && metadata !== null) evaluation.metadata = toJson(metadata)
  if (typeof costUsd === 'number' && costUsd >= 0 && Number.isFinite(costUsd)) evaluation.costUsd = costUsd
  return evaluation
}

function scoreValue(value: unknown): number | string | boolean {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) {
    if (Math.abs(value) <= maxScore) return value
    throw new Error(`Expected a number from ${-maxScore} to ${maxScore} as the value of a score, got ${value}.`)
  }
  throw new Error(`Expected a finite number, a string, a boolean or null as the value of a score, got ${show(value)}.`)
}

function dataTypeOf(value: number | string | boolean, asked: unknown): ScoreDataType {
  const possible: ScoreDataType[] =
    typeof value === 'string'
      ? ['CATEGORICAL', 'TEXT']
      : typeof value === 'boolean'
        ? ['BOOLEAN']
        : value === 0 || value === 1
          ? ['NUMERIC', 'BOOLEAN']
          : ['NUMERIC']
  if (asked === undefined || asked === null) return possible[0] as ScoreDataType
  const dataType = possible.find((one) => one === asked)
  if (dataType) return dataType
  const expected = dataTypes.some((one) => one === asked)
    ? `a value of the type ${asked}`
    : `one of ${dataTypes.join(', ')}`
  throw new Error(`Expected ${expected}, got ${show(dataTypes.some((one) => one === asked) ? value : asked)}.`)
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}
