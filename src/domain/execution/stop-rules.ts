import type { RunSettings } from '../run.ts'

/** The state of a run that a decision is based on. */
export interface RunSituation {
  total: number
  queued: number
  running: number
  succeeded: number
  failed: number
  /** Known cost of tasks in USD, and that of evaluators. */
  costSum: number
  evaluatorCostSum: number
  costCount: number
  /** The most expensive call so far, with its evaluators. */
  costMax: number | null
  /** Evaluations that wait, and those being made. */
  evaluationsQueued: number
  evaluationsRunning: number
}

/** What counts towards the budget. */
export function spentUsd({ costSum, evaluatorCostSum }: Pick<RunSituation, 'costSum' | 'evaluatorCostSum'>): number {
  return costSum + evaluatorCostSum
}

/** A failure rate means nothing before this many items are finished. */
const minFinished = 20

/** Why a run must stop now; null when it continues. */
export function stopReason(
  run: RunSituation,
  settings: Pick<RunSettings, 'budgetUsd' | 'maxFailureRate'>,
): 'BUDGET' | 'FAILURE_RATE' | null {
  const waiting = run.queued + run.evaluationsQueued
  const inFlight = run.running + run.evaluationsRunning
  if (waiting + inFlight === 0) return null
  const { budgetUsd, maxFailureRate } = settings
  if (budgetUsd !== null && spentUsd(run) >= budgetUsd) return 'BUDGET'
  if (waiting > 0 && inFlight === 0 && affordableCalls(run, budgetUsd) === 0) return 'BUDGET'
  const finished = run.failed + run.succeeded
  if (
    maxFailureRate !== null &&
    finished >= Math.min(run.total, minFinished) &&
    run.failed / finished > maxFailureRate
  ) {
    return 'FAILURE_RATE'
  }
  return null
}

/**
 * How many more calls may begin without exceeding the budget if each of them, and each in flight, costs as much as the
 * most expensive so far; an evaluation by itself counts as much as a call with all of its evaluators. Until the first
 * cost is known, also that of evaluators, calls are made one at a time; calls that report no cost are not limited.
 */
export function affordableCalls(run: RunSituation, budgetUsd: number | null): number {
  if (budgetUsd === null) return Infinity
  const inFlight = run.running + run.evaluationsRunning
  const evaluations = run.evaluationsQueued + run.evaluationsRunning
  const isKnown = run.costMax !== null && (evaluations === 0 || run.evaluatorCostSum > 0)
  if (!isKnown && run.succeeded + run.failed <= evaluations) return Math.max(0, 1 - inFlight)
  if (run.costMax === null || run.costMax === 0) return Infinity
  // Tolerance for sums like 0.1 + 0.2, which must not cost the last affordable call.
  const calls = Math.floor((budgetUsd - spentUsd(run)) / run.costMax + 1e-9)
  return Math.max(0, calls - inFlight)
}
