/**
 * Evaluators that need the scores of others: composites, and those that score only what has passed another one. They begin
 * with the others of an execution and wait for those that they need; where they are called without the others, as when only
 * they are repeated, the scores are those that are stored.
 */
import { setImmediate } from 'node:timers/promises'
import type { Evaluate, Evaluation, EvaluationInput, EvaluatorSpec, GivenScore } from '../../domain/evaluation.ts'
import { withDeadline } from '../../domain/execution/deadline.ts'
import { FunctionsUnavailableError } from '../../domain/execution/functions.ts'
import { NotYetError } from '../../domain/execution/not-yet.ts'
import { isScore } from '../../domain/score.ts'
import { holds, type ScoreCondition } from '../../domain/score-condition.ts'
import { scoresNeeded } from '../../evaluators/registry.ts'
import { asTaskError } from '../../tasks/call-task.ts'

export interface NeedingEvaluator {
  /** Also of its score. */
  name: string
  definition: EvaluatorSpec
  onlyIf: ScoreCondition | null
  evaluate: Evaluate
}

type CallContext = Parameters<Evaluate>[1]

/** The scores of an execution that are stored; null while one of these evaluators still has to give its own. */
export type LoadScores = (
  subject: CallContext['subject'],
  evaluators: readonly string[],
) => Promise<GivenScore[] | null>

/** The evaluations of an execution that have begun, by the names of their evaluators. */
type Begun = Map<string, Promise<Evaluation[]>>

/** How long an evaluator waits for others before it gives way, in milliseconds: it is called again then. */
const waitMs = 60_000

/**
 * The same evaluators, in their order. Those that need scores have `prepare`, which waits for them.
 * @throws {NotYetError} by `prepare`: a score that is needed is still to come
 */
export function withNeededScores(evaluators: readonly NeedingEvaluator[], load: LoadScores): Evaluate[] {
  const needs = new Map(evaluators.map((evaluator) => [evaluator.name, needsOf(evaluator)]))
  if ([...needs.values()].every(({ length }) => length === 0)) return evaluators.map(({ evaluate }) => evaluate)
  const begunOf = new WeakMap<EvaluationInput, Begun>()
  const begun = (item: EvaluationInput): Begun => {
    const known = begunOf.get(item)
    if (known) return known
    const fresh: Begun = new Map()
    begunOf.set(item, fresh)
    return fresh
  }
  const givers = giversOf(evaluators, needs)
  return evaluators.map((evaluator): Evaluate => {
    const { name, evaluate, onlyIf } = evaluator
    const needed = needs.get(name) ?? []
    if (needsItself(name, needs)) {
      return () => Promise.reject(new Error(`Expected scores that do not need "${name}" themselves.`))
    }
    if (needed.length === 0) return noting(evaluate, (item, outcome) => begun(item).set(name, outcome))
    const prepare = async (item: EvaluationInput, { signal, subject }: CallContext): Promise<Evaluate | null> => {
      const own = Promise.withResolvers<Evaluation[]>()
      own.promise.catch(() => {})
      const others = begun(item)
      others.set(name, own.promise)
      // By then all others of the execution have begun.
      await setImmediate()
      const names = [...new Set(needed.flatMap(givers))]
      const scores = others.size > 1 ? await scoresOf(others, names, signal) : await load(subject, names)
      if (scores === null) {
        const error = new NotYetError(`Scores that "${name}" needs are still to come.`)
        own.reject(error)
        throw error
      }
      if (onlyIf && !holds(onlyIf, scores)) {
        own.resolve([])
        return null
      }
      return Object.assign<Evaluate, object>((_item, context) => {
        const given = attempt(() => evaluate({ ...item, scores }, context))
        given.outcome.then(own.resolve, own.reject)
        return given.returned()
      }, flagsOf(evaluate))
    }
    return Object.assign<Evaluate, { prepare: typeof prepare }>(evaluate.bind(null), { prepare })
  })
}

/** Tells what it gives, without waiting for it. */
function noting(evaluate: Evaluate, note: (item: EvaluationInput, outcome: Promise<Evaluation[]>) => void): Evaluate {
  const noted: Evaluate = (item, context) => {
    const given = attempt(() => evaluate(item, context))
    note(item, given.outcome)
    return given.returned()
  }
  return Object.assign(noted, flagsOf(evaluate))
}

function needsOf({ definition, onlyIf }: NeedingEvaluator): string[] {
  return [...new Set([...scoresNeeded(definition), ...(onlyIf ? [onlyIf.score] : [])])]
}

/** By the name of a score, the evaluators that may give it: the one of that name, else all that may give several. */
function giversOf(
  evaluators: readonly NeedingEvaluator[],
  needs: ReadonlyMap<string, readonly string[]>,
): (score: string) => string[] {
  const several = evaluators
    .filter(({ name, definition: { kind } }) => severalScores.has(kind) && needs.get(name)?.length === 0)
    .map(({ name }) => name)
  return (score) => (needs.has(score) ? [score] : several)
}

const severalScores = new Set<EvaluatorSpec['kind']>(['module', 'code', 'http'])

function needsItself(name: string, needs: ReadonlyMap<string, readonly string[]>): boolean {
  const reached = new Set(needs.get(name))
  for (const needed of reached) for (const further of needs.get(needed) ?? []) reached.add(further)
  return reached.has(name)
}

/** Those that have failed, or do not apply, give none. Null when one is to be called again, or takes too long. */
async function scoresOf(begun: Begun, names: readonly string[], signal: AbortSignal): Promise<GivenScore[] | null> {
  const settled = Promise.allSettled(names.map((name) => begun.get(name) ?? []))
  const outcomes = await withDeadline(() => settled, { timeoutMs: waitMs, signal }).catch(() => {
    signal.throwIfAborted()
    return null
  })
  if (outcomes === null || outcomes.some((outcome) => outcome.status === 'rejected' && mayPass(outcome.reason)))
    return null
  return outcomes
    .flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []))
    .filter((evaluation) => evaluation.failure === undefined && isScore(evaluation))
    .map(({ name, value, label }) => ({ name, value, label }))
}

function mayPass(error: unknown): boolean {
  return error instanceof FunctionsUnavailableError || error instanceof NotYetError || asTaskError(error).retryable
}

/** What a call gives, at once or later, and the same as a promise that nobody has to handle. */
function attempt(call: () => Evaluation[] | Promise<Evaluation[]>) {
  try {
    const given = call()
    const outcome = Promise.resolve(given)
    outcome.catch(() => {})
    return { outcome, returned: () => given }
  } catch (error) {
    const outcome = Promise.reject<Evaluation[]>(error)
    outcome.catch(() => {})
    return {
      outcome,
      returned: () => {
        throw error
      },
    }
  }
}

function flagsOf({ keepsTime, isImmediate }: Evaluate) {
  return { ...(keepsTime && { keepsTime }), ...(isImmediate && { isImmediate }) }
}
