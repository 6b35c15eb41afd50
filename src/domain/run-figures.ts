/** Counts, time and cost of a run from the sums that are maintained while it executes. Unknown figures are null, never 0. */
import { isFinished, type RunItemStatus, type RunStatus } from './run.ts'

interface ItemCounts {
  queued: number
  running: number
  succeeded: number
  failed: number
}

interface Costs {
  /** USD, over the items whose cost is known. */
  costSum: number
  costCount: number
}

/** Items that were executed to their end. */
export function finishedCount({ succeeded, failed }: Pick<ItemCounts, 'succeeded' | 'failed'>): number {
  return succeeded + failed
}

/** The number of items in these states, or of all. */
export function itemCount(
  run: ItemCounts & { cancelled: number; total: number },
  states: readonly RunItemStatus[] | null | undefined,
): number {
  if (!states) return run.total
  const counts = {
    QUEUED: run.queued,
    RUNNING: run.running,
    SUCCEEDED: run.succeeded,
    FAILED: run.failed,
    CANCELLED: run.cancelled,
  }
  return [...new Set(states)].reduce((sum, state) => sum + counts[state], 0)
}

/** Milliseconds from the first start to the end, pauses included; null until it has ended, or if it never started. */
export function durationMs({
  startedAt,
  finishedAt,
}: {
  startedAt: Date | null
  finishedAt: Date | null
}): number | null {
  return startedAt && finishedAt && finishedAt.getTime() - startedAt.getTime()
}

/** Seconds until the end at the rate so far, without pauses; 0 after the end, null when it cannot be estimated. */
export function etaSeconds(
  run: ItemCounts & { status: RunStatus; startedAt: Date | null; pausedMs: number },
  now: Date,
): number | null {
  if (isFinished(run.status)) return 0
  const finished = finishedCount(run)
  if (!run.startedAt || finished === 0) return null
  const elapsedSeconds = Math.max(0, now.getTime() - run.startedAt.getTime() - run.pausedMs) / 1000
  return ((run.queued + run.running) * elapsedSeconds) / finished
}

/** USD, over the items whose cost is known. */
export function totalCostUsd({ costSum, costCount }: Costs): number | null {
  return costCount > 0 ? costSum : null
}

/** USD, over the items whose cost is known. */
export function avgCostUsd({ costSum, costCount }: Costs): number | null {
  return costCount > 0 ? costSum / costCount : null
}

/** Finished items that have neither a score of this name nor an error of its evaluator. */
export function missingCount(
  run: Pick<ItemCounts, 'succeeded' | 'failed'>,
  { count, errorCount }: { count: number; errorCount: number },
): number {
  return Math.max(0, finishedCount(run) - count - errorCount)
}
