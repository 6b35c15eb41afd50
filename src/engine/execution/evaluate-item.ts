/**
 * The evaluations of an item. Those that end soon are recorded with its result, in the same flush and without rows of
 * their own; a slow evaluator does not hold back an output that has been paid for. What is left is an open evaluation, of
 * this lane or, after a failure that may pass, of whichever claims it.
 */
import type {
  Claimed,
  ClaimedEvaluation,
  ClaimedRunEvaluation,
  HeldEvaluation,
  NewEvaluation,
} from '../../db/sql/evaluation/claim-evaluations.ts'
import type { RecordedScore } from '../../db/sql/score/record-scores.ts'
import type { Clock } from '../../domain/clock.ts'
import type { Evaluate, EvaluationInput } from '../../domain/evaluation.ts'
import { type CallSubject, subjectOf } from '../../domain/execution/call-subject.ts'
import type { Tracing } from '../../telemetry/tracing.ts'
import { callEvaluator, type EvaluationOutcome, type EvaluatorContext, type Scored } from './call-evaluator.ts'
import { type EvaluationResult, plus } from './item-result.ts'
import type { PlannedEvaluator, RunPlan } from './run-plan.ts'

/** How long the result of an item waits for its evaluators, in milliseconds. */
const holdMs = 250
/** How long an evaluation waits for another process, whose functions this one does not have, in milliseconds. */
const elsewhereMs = 500

export interface ItemEvaluations {
  /** Those of evaluators that have ended, among them such that only cost something. */
  scores: RecordedScore[]
  /** Of all calls that have ended. */
  costUsd: number | null
  open: NewEvaluation[]
  /** The ends of the open evaluations that this lane makes. None rejects. */
  later: Promise<EvaluationResult>[]
}

interface BegunEvaluation {
  evaluator: PlannedEvaluator
  outcome: EvaluationOutcome | Promise<EvaluationOutcome>
}

type ScoredItem = Scored & { itemId: string; lease: string }

/** Of those that an item begins. */
const firstCalls = { attempts: 1, excused: 0 }

/**
 * Calls all evaluators that sample an item at once. Resolves when all have ended, or after a quarter of a second.
 * @returns at once what needs no waiting
 */
export function evaluateItem(
  evaluators: readonly PlannedEvaluator[],
  scored: ScoredItem,
  context: EvaluatorContext & { clock: Clock },
): ItemEvaluations | Promise<ItemEvaluations> {
  const begun: BegunEvaluation[] = []
  const slow: Promise<void>[] = []
  for (const evaluator of evaluators) {
    if (!evaluator.samples(scored.itemId)) continue
    const call: BegunEvaluation = { evaluator, outcome: callEvaluator(evaluator, scored, firstCalls, context) }
    begun.push(call)
    if (!(call.outcome instanceof Promise)) continue
    const end = (outcome: EvaluationOutcome) => {
      call.outcome = outcome
    }
    slow.push(call.outcome.then(end))
  }
  if (slow.length === 0) return evaluationsOf(begun, scored)
  return within(Promise.all(slow), context.clock).then(() => evaluationsOf(begun, scored))
}

function evaluationsOf(begun: readonly BegunEvaluation[], { ordinal, lease, attempt }: ScoredItem): ItemEvaluations {
  const result: ItemEvaluations = { scores: [], costUsd: null, open: [], later: [] }
  for (const { evaluator, outcome } of begun) {
    const key = { ordinal, evaluatorVersionId: evaluator.versionId }
    if (outcome instanceof Promise) {
      result.open.push({ ...key, ...firstCalls, lease, delayMs: null })
      result.later.push(outcome.then((ended) => evaluationResult({ ...key, lease }, attempt, ended)))
      continue
    }
    result.costUsd = plus(result.costUsd, outcome.costUsd)
    if (outcome.status === 'DONE') result.scores.push(...outcome.scores)
    else {
      const { attempts, excused, delayMs } = outcome
      result.open.push({ ...key, attempts, excused, delayMs, lease: null })
    }
  }
  return result
}

async function within(work: Promise<unknown>, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(holdMs, resolve)
  await Promise.race([work, promise])
  cancel()
}

type ClaimContext = Omit<EvaluatorContext, 'subject' | 'trace'> & { tracing: Tracing }

/** Makes a claimed evaluation. Never rejects. */
export function executeEvaluation(plan: RunPlan, claimed: Claimed, context: ClaimContext): Promise<EvaluationResult> {
  return claimed.ordinal === null ? evaluateRun(plan, claimed, context) : evaluateAgain(plan, claimed, context)
}

async function evaluateAgain(
  plan: RunPlan,
  claimed: ClaimedEvaluation,
  context: ClaimContext,
): Promise<EvaluationResult> {
  const { ordinal, itemId, repetition, attempt, attempts, excused, evaluatorVersionId } = claimed
  const find = () => plan.evaluators.find(({ versionId }) => versionId === evaluatorVersionId)
  // It may score the run only since the plan was made.
  if (!find()) {
    await plan.refresh()
    if (plan.missingFunctions().length > 0) return releasedEvaluation(claimed, elsewhereMs)
  }
  const evaluator = find()
  // It was deleted meanwhile, with its open evaluations, or it does not score this item.
  if (!evaluator?.samples(itemId))
    return evaluationResult(claimed, attempt, { status: 'DONE', scores: [], costUsd: null })
  const trace = context.tracing.begin({ runId: plan.runId, ordinal, itemId, repetition, attempt })
  const { input, output, expectedOutput, metadata, latencyMs, costUsd } = claimed
  const scored = {
    ordinal,
    attempt,
    input: { input, output, expectedOutput, metadata, latencyMs: latencyMs ?? 0, costUsd },
  }
  const subject = subjectOf(plan.runId, claimed, attempt)
  const outcome = await callEvaluator(evaluator, scored, { attempts, excused }, { ...context, subject, trace })
  trace.end('SUCCEEDED', null)
  return evaluationResult(claimed, attempt, outcome)
}

async function evaluateRun(
  plan: RunPlan,
  claimed: ClaimedRunEvaluation,
  context: ClaimContext,
): Promise<EvaluationResult> {
  const { attempts, excused, evaluatorVersionId } = claimed
  const find = () => plan.runEvaluators.find(({ versionId }) => versionId === evaluatorVersionId)
  if (!find()) {
    await plan.refresh()
    if (plan.missingFunctions().length > 0) return releasedEvaluation(claimed, elsewhereMs)
  }
  const evaluator = find()
  // It was deleted meanwhile.
  if (!evaluator) return evaluationResult(claimed, 0, { status: 'DONE', scores: [], costUsd: null })
  const evaluate: Evaluate = async (_item, call) => {
    const results = await plan.results(call.signal)
    // The evaluator is one of runs, and the registry hands on what it is called with.
    return results ? evaluator.evaluate(results as unknown as EvaluationInput, call) : []
  }
  // No number is that of a schedule's item: the score has none.
  const scored = { ordinal: -1, attempt: 0, input: nothing }
  const subject: CallSubject = { runId: plan.runId, ordinal: null, attempt: attempts }
  const trace = { evaluator: <T>(_name: string, call: () => T) => call() }
  const planned = { ...evaluator, evaluate }
  const outcome = await callEvaluator(planned, scored, { attempts, excused }, { ...context, subject, trace })
  return evaluationResult(claimed, 0, outcome)
}

const nothing: EvaluationInput = {
  ...{ input: null, output: null, expectedOutput: null, metadata: null },
  ...{ latencyMs: 0, costUsd: null },
}

/** Requeues a claimed evaluation whose call did not begin. @param delayMs how long it waits; null: not at all */
export function releasedEvaluation(claimed: Claimed, delayMs: number | null = null): EvaluationResult {
  const { attempts, excused } = claimed
  const attempt = claimed.ordinal === null ? 0 : claimed.attempt
  return evaluationResult(claimed, attempt, {
    status: 'QUEUED',
    attempts: attempts - 1,
    excused,
    delayMs,
    costUsd: null,
  })
}

function evaluationResult(
  { ordinal, evaluatorVersionId, lease }: HeldEvaluation & { lease: string },
  attempt: number,
  outcome: EvaluationOutcome,
): EvaluationResult {
  const { status, costUsd } = outcome
  const key = { ordinal, evaluatorVersionId, lease, status }
  if (status === 'QUEUED') {
    const { attempts, excused, delayMs } = outcome
    return { evaluation: { ...key, attempts, excused, delayMs }, attempt, costUsd, scores: [] }
  }
  return { evaluation: { ...key, attempts: 0, excused: 0, delayMs: null }, attempt, costUsd, scores: outcome.scores }
}
