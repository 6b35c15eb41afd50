/** One call of an evaluator, and what becomes of it: scores, its error in place of one, or another call later. */
import type { EvaluationCalls } from '../../db/sql/evaluation/claim-evaluations.ts'
import type { RecordedScore } from '../../db/sql/score/record-scores.ts'
import type { Evaluation, EvaluationInput } from '../../domain/evaluation.ts'
import type { CallSubject } from '../../domain/execution/call-subject.ts'
import { withDeadline } from '../../domain/execution/deadline.ts'
import { FunctionsUnavailableError } from '../../domain/execution/functions.ts'
import { NotYetError } from '../../domain/execution/not-yet.ts'
import { decideRetry } from '../../domain/execution/retry-policy.ts'
import { nothingSpent } from '../../domain/execution/task.ts'
import { fitEvaluation, isScore } from '../../domain/score.ts'
import { asTaskError } from '../../tasks/call-task.ts'
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
  subject: CallSubject
  /** Uniform in [0, 1). */
  random: () => number
}

export interface EvaluatorRights extends Pick<ItemCalls, 'release' | 'finish'> {
  /** False when there will be no call. */
  start(): boolean | Promise<boolean>
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
  const { evaluate, name, timeoutMs } = evaluator
  if (evaluate.prepare) return callPrepared(evaluator, scored, calls, context)
  if (!evaluate.isImmediate) return callUnderLimits(evaluator, scored, calls, context)
  const { trace, signal, subject } = context
  try {
    const given = trace.evaluator(name, () => evaluate(scored.input, { signal, timeoutMs, subject }))
    if (!(given instanceof Promise)) return doneWith(evaluator, scored, given)
    return outcomeOf(
      evaluator,
      scored,
      calls,
      context,
      withDeadline(() => given, { signal, timeoutMs }),
    )
  } catch (error) {
    return outcomeOfError(evaluator, scored, calls, context, error)
  }
}

/** Who waits for others takes no right that these may need. */
async function callPrepared(
  evaluator: PlannedEvaluator,
  scored: Scored,
  calls: EvaluationCalls,
  context: EvaluatorContext,
): Promise<EvaluationOutcome> {
  const { signal, subject } = context
  try {
    const { timeoutMs } = evaluator
    const evaluate = await evaluator.evaluate.prepare?.(scored.input, { signal, timeoutMs, subject })
    if (!evaluate) return doneWith(evaluator, scored, [])
    return await callEvaluator({ ...evaluator, evaluate }, scored, calls, context)
  } catch (error) {
    return outcomeOfError(evaluator, scored, calls, context, error)
  }
}

function callUnderLimits(
  evaluator: PlannedEvaluator,
  scored: Scored,
  calls: EvaluationCalls,
  context: EvaluatorContext,
): Promise<EvaluationOutcome> {
  const { trace, signal, subject } = context
  const { name, evaluate, timeoutMs, endpoint } = evaluator
  const limits = { signal, timeoutMs }
  const call = () =>
    trace.evaluator(name, async () =>
      evaluate.keepsTime
        ? evaluate(scored.input, { ...limits, subject })
        : withDeadline(async (signal) => evaluate(scored.input, { ...limits, signal, subject }), limits),
    )
  const given = endpoint === null ? Promise.resolve(call()) : withRights(context.rightsOf(endpoint), call, signal)
  return outcomeOf(evaluator, scored, calls, context, given)
}

/** @param given null when there was no call */
function outcomeOf(
  evaluator: PlannedEvaluator,
  scored: Scored,
  calls: EvaluationCalls,
  context: EvaluatorContext,
  given: Promise<Evaluation[] | null>,
): Promise<EvaluationOutcome> {
  return given.then(
    (evaluations) =>
      evaluations === null
        ? { ...calls, attempts: calls.attempts - 1, ...again }
        : doneWith(evaluator, scored, evaluations),
    (error) => outcomeOfError(evaluator, scored, calls, context, error),
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

function doneWith(evaluator: PlannedEvaluator, scored: Scored, evaluations: readonly Evaluation[]): EvaluationOutcome {
  const given = withOwnFailures(evaluations, evaluator.name)
  const scores = given.map((evaluation) => recordedScore(evaluator, scored, evaluation))
  return { status: 'DONE', scores, costUsd: totalCost(scores) }
}

function recordedScore(
  { versionId, name: own, rules }: PlannedEvaluator,
  { ordinal, attempt }: Scored,
  evaluation: Evaluation,
): RecordedScore {
  const isPinned = evaluation.name === own
  const score = { ...evaluation, ordinal, evaluatorVersionId: versionId, rules, error: null, isPinned }
  if (evaluation.failure !== undefined) {
    const { failure, ...given } = score
    if (isPinned) given.dataType = rules.dataType
    return failedScore(given, new Error(failure), attempt)
  }
  if (!isPinned || !isScore(evaluation)) return score
  try {
    score.dataType = fitEvaluation(evaluation, rules).dataType
    return score
  } catch (error) {
    return failedScore({ ...score, dataType: rules.dataType }, error, attempt)
  }
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
