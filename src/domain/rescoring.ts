/**
 * Scoring the stored outputs of a finished run again. The run keeps its status; what is left to do are entries of its
 * ledger, which lanes open as they claim them, so that beginning costs the same for any number of items.
 */
import type { RunStatus } from './run.ts'
import { isFinished } from './run.ts'

export type RescoringStatus = 'RUNNING' | 'COMPLETED' | 'CANCELLED' | 'STOPPED'

/** The last time that a run was scored again. */
export interface Rescoring {
  /** STOPPED: by a budget. */
  status: RescoringStatus
  /** The versions that score its outputs. */
  versionIds: string[]
  /** Those that score the run as a whole, when these have ended; null: they have begun. */
  runVersionIds: string[] | null
  /** The hashes of the functions that these call, by name; null is any of that name. */
  functions: Record<string, string | null>
  /** Evaluations: one of each output by each version, of the run by each of the others, and those that the run had left. */
  total: number
  /** Those that have been opened so far, from the beginning of the schedule. */
  opened: number
  /** The ordinal from which on none are. */
  next: number
  /** The ordinal from which on the scores that these versions replace still count; null: the versions have taken over. */
  replaced: number | null
  /** What its evaluators may cost; null: no limit besides that of the run. */
  budgetUsd: number | null
  /** What the evaluators of the run had cost before. */
  spentBeforeUsd: number
  /** Its most expensive evaluation so far; null while no cost is known. */
  costMax: number | null
}

/** The parts of a run that tell how far it is. */
export interface RescoredRun {
  status: RunStatus
  rescoring: Rescoring | null
  evaluationsQueued: number
  evaluationsRunning: number
}

/** Whether outputs of the run are being scored again. */
export function isRescored(run: { rescoring: unknown }): boolean {
  return (run.rescoring as Rescoring | null)?.status === 'RUNNING'
}

/** Whether nothing of the run changes any more by itself: it has ended, and is not being scored again. */
export function isOver(run: { status: RunStatus; rescoring: unknown }): boolean {
  return isFinished(run.status) && !isRescored(run)
}

/** Evaluations that have ended. */
export function rescored(
  { opened }: Rescoring,
  { evaluationsQueued, evaluationsRunning }: Pick<RescoredRun, 'evaluationsQueued' | 'evaluationsRunning'>,
): number {
  return Math.max(0, opened - evaluationsQueued - evaluationsRunning)
}

/** What the evaluators may still cost; Infinity without a limit. */
function leftUsd(
  { budgetUsd, spentBeforeUsd }: Rescoring,
  { costSum, evaluatorCostSum }: { costSum: number; evaluatorCostSum: number },
  runBudgetUsd: number | null,
): number {
  const ofRun = runBudgetUsd === null ? Infinity : runBudgetUsd - costSum - evaluatorCostSum
  const own = budgetUsd === null ? Infinity : budgetUsd - (evaluatorCostSum - spentBeforeUsd)
  return Math.min(ofRun, own)
}

/**
 * How many more evaluations may begin without exceeding a budget if each of them, and each in flight, costs as much as the
 * most expensive so far. Until the first has ended they are made one at a time; those that report no cost are not limited.
 */
export function affordableEvaluations(
  rescoring: Rescoring,
  run: Pick<RescoredRun, 'evaluationsQueued' | 'evaluationsRunning'> & { costSum: number; evaluatorCostSum: number },
  runBudgetUsd: number | null,
): number {
  const left = leftUsd(rescoring, run, runBudgetUsd)
  if (left === Infinity) return Infinity
  if (left <= 0) return 0
  const { costMax } = rescoring
  if (costMax === null && rescored(rescoring, run) === 0) return Math.max(0, 1 - run.evaluationsRunning)
  if (costMax === null || costMax === 0) return Infinity
  // Tolerance for sums like 0.1 + 0.2, which must not cost the last affordable evaluation.
  return Math.max(0, Math.floor(left / costMax + 1e-9) - run.evaluationsRunning)
}
