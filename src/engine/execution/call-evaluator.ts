/** One call of an evaluator, and what becomes of it: scores, its error in place of one, or another call later. */
import type { EvaluationCalls } from '../../db/sql/evaluation/claim-evaluations.ts'
import type { RecordedScore } from '../../db/sql/score/record-scores.ts'
import type { Evaluation, EvaluationInput } from '../../domain/evaluation.ts'
import { withDeadline } from '../../domain/execution/deadline.ts'
import { FunctionsUnavailableError, type LogIds } from '../../domain/execution/functions.ts'
import { NotYetError } from '../../domain/execution/not-yet.ts'
import { decideRetry } from '../../domain/execution/retry-policy.ts'
import { nothingSpent } from '../../domain/execution/task.ts'
import { fitEvaluation, isScore } from '../../domain/score.ts'
import { asTaskError } from '../../tasks/call.ts'
import type { AttemptTrace } from '../../telemetry/tracing.ts'
import { failedWith, succeeded } from './call-outcome.ts'
import type { ItemCalls } from './item-calls.ts'
import { failedScore, totalCost } from './item-result.ts'
import type { PlannedEvaluator } from './run-plan.ts'

/** The execution that is scored. */
export interface Scored {
  ordinal: number
  /** The number of the call that made its output. */
  attempt: number
  input: EvaluationInput
}

export interface EvaluatorContext {
  /** Aborted with an Interruption. */
  signal: AbortSignal
  trace: Pick<AttemptTrace, 'evaluator'>
  /** The rights to call an endpoint: waited for, and given up when the call has ended. */
  rightsOf: (endpoint: string) => EvaluatorRights
  ids: LogIds
  /** Uniform in [0, 1). */
  random: () => number
}

export interface EvaluatorRights extends Pick<ItemCalls, 'release' | 'finish'> {
  /** False when there will be no call. */
  start(): Promise<boolean>
}

/** DONE with its scores, of which those without a value only cost something. QUEUED to be called again. */
export type EvaluationOutcome = { costUsd: number | null } & (
  | { status: 'DONE'; scores: RecordedScore[] }
  | ({ status: 'QUEUED'; delayMs: number | null } & EvaluationCalls)
)

/**
 * How long an evaluation waits whose function this process cannot call, until another one has it, or whose scores are still
 * to come: in milliseconds.
 */
const unavailableMs = 500

/**
 * Calls an evaluator once, under its own time limit. Never rejects. An interrupted call does not count towards its
 * `maxAttempts`.
 * @param calls including this one
 * @returns at once what a built-in evaluator gives at once
 */
export function callEvaluator(
  evaluator: PlannedEvaluator,
  scored: Scored,
  calls: EvaluationCalls,
  context: EvaluatorContext,
): EvaluationOutcome | Promise<EvaluationOutcome> {
  const { trace, signal, ids } = context
  const { name, evaluate, timeoutMs, endpoint } = evaluator
  const done = (evaluations: Evaluation[]) => doneWith(evaluator, scored, evaluations)
  const failed = (error: unknown) => outcomeOfError(evaluator, scored, calls, context, error)
  const limits = { signal, timeoutMs }
  if (evaluate.prepare) {
    // Who waits for others takes no right that these may need.
    return evaluate
      .prepare(scored.input, { ...limits, ids })
      .then(
        (ready) => (ready ? callEvaluator({ ...evaluator, evaluate: ready }, scored, calls, context) : done([])),
        failed,
      )
  }
  if (evaluate.isImmediate) {
    try {
      const given = trace.evaluator(name, () => evaluate(scored.input, { ...limits, ids }))
      return given instanceof Promise ? withDeadline(() => given, limits).then(done, failed) : done(given)
    } catch (error) {
      return failed(error)
    }
  }
  const call = () =>
    trace.evaluator(name, async () =>
      evaluate.keepsTime
        ? evaluate(scored.input, { ...limits, ids })
        : withDeadline(async (signal) => evaluate(scored.input, { ...limits, signal, ids }), limits),
    )
  if (endpoint === null) return Promise.resolve(call()).then(done, failed)
  return withRights(context.rightsOf(endpoint), call, signal).then(
    (given) => (given ? done(given) : { ...calls, attempts: calls.attempts - 1, ...again }),
    failed,
  )
}

const again = { status: 'QUEUED', delayMs: null, costUsd: null } as const

/** Null when there was no call. */
async function withRights(
  rights: EvaluatorRights,
  call: () => Evaluation[] | Promise<Evaluation[]>,
  signal: AbortSignal,
): Promise<Evaluation[] | null> {
  try {
    if (!(await rights.start())) return null
    const given = await call()
    rights.release(succeeded({ output: null, ...nothingSpent }))
    return given
  } catch (error) {
    if (!signal.aborted && !(error instanceof FunctionsUnavailableError)) rights.release(failedWith(asTaskError(error)))
    throw error
  } finally {
    rights.finish()
  }
}

function outcomeOfError(
  evaluator: PlannedEvaluator,
  { ordinal, attempt }: Scored,
  calls: EvaluationCalls,
  { signal, random }: EvaluatorContext,
  error: unknown,
): EvaluationOutcome {
  const { attempts, excused } = calls
  if (signal.aborted) return { ...calls, excused: excused + 1, ...again }
  if (error instanceof NotYetError) return { ...again, attempts, excused: excused + 1, delayMs: unavailableMs }
  if (error instanceof FunctionsUnavailableError) {
    const costUsd = error.spent?.costUsd ?? null
    return { ...again, attempts, excused: excused + 1, delayMs: unavailableMs, costUsd }
  }
  const failure = asTaskError(error)
  const costUsd = failure.spent?.costUsd ?? null
  const retry = decideRetry(failure, calls, evaluator.maxAttempts, random)
  if (retry) {
    const { delayMs, spendsAttempt } = retry
    return { status: 'QUEUED', attempts, excused: spendsAttempt ? excused : excused + 1, delayMs, costUsd }
  }
  const { versionId, name, rules } = evaluator
  const score = {
    ordinal,
    evaluatorVersionId: versionId,
    rules,
    name,
    dataType: rules.dataType,
    isPinned: true,
    costUsd,
  }
  return { status: 'DONE', scores: [failedScore(score, failure, attempt)], costUsd }
}

function doneWith(
  { versionId, name: own, rules }: PlannedEvaluator,
  { ordinal, attempt }: Scored,
  evaluations: readonly Evaluation[],
): EvaluationOutcome {
  const score = { ordinal, evaluatorVersionId: versionId, rules, error: null }
  const scores = withOwnFailures(evaluations, own).map(({ failure, ...evaluation }) => {
    const given = { ...score, ...evaluation, isPinned: evaluation.name === own }
    if (failure !== undefined) {
      const dataType = given.isPinned ? rules.dataType : evaluation.dataType
      return failedScore({ ...given, dataType }, new Error(failure), attempt)
    }
    if (!given.isPinned || !isScore(evaluation)) return given
    try {
      return { ...given, ...fitEvaluation(evaluation, rules) }
    } catch (error) {
      return failedScore({ ...given, dataType: rules.dataType }, error, attempt)
    }
  })
  return { status: 'DONE', scores, costUsd: totalCost(scores) }
}

/**
 * Failures under other names than the evaluator's own as one under that, unless it gives a score there: a failure must not
 * be the first of a series, whose type it does not know.
 */
function withOwnFailures(evaluations: readonly Evaluation[], own: string): readonly Evaluation[] {
  const failed = evaluations.filter(({ failure }) => failure !== undefined)
  const [first] = failed
  if (!first || evaluations.some(({ name, failure }) => name === own && failure === undefined)) return evaluations
  return [
    ...evaluations.filter(({ failure }) => failure === undefined),
    {
      ...first,
      name: own,
      costUsd: totalCost(failed),
      failure: failed.map(({ name, failure }) => (name === own ? failure : `"${name}": ${failure}`)).join(' '),
    },
  ]
}
