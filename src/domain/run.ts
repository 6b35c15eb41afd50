import type { EarlyStopInput } from './early-stop.ts'
import type { Json } from './json/json.ts'

export type RunStatus = 'QUEUED' | 'RUNNING' | 'COMPLETED' | 'CANCELLED' | 'STOPPED'
export type StopReason = 'BUDGET' | 'FAILURE_RATE' | 'EARLY_DECISION' | 'PROVIDER'
export type RunItemStatus = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED'

/** How a run is executed. */
export interface RunSettings {
  /** Items executed concurrently, across all workers: 1–1,000. */
  concurrency: number
  /** Executions of every item: 1–100. */
  repetitions: number
  /** Timeout of one call of the task, in milliseconds: 1–3,600,000. */
  timeoutMs: number
  /** Calls per item before a retryable failure is final: 1–20. */
  maxAttempts: number
  /** The run stops when the known cost of its tasks and evaluators reaches this. */
  budgetUsd: number | null
  /** The run stops when more than this share of its finished items failed: 0–1. */
  maxFailureRate: number | null
  /** Reuse outputs of the same task, input and repetition. */
  cache: boolean
}

/** Settings to change; null clears the two limits. */
export type RunSettingsChanges = { [Setting in keyof RunSettings]?: RunSettings[Setting] | null }

export const defaultRunSettings: RunSettings = {
  concurrency: 10,
  repetitions: 1,
  timeoutMs: 60_000,
  maxAttempts: 3,
  budgetUsd: null,
  maxFailureRate: null,
  cache: false,
}

/** The items of the dataset version that a run executes; an item must satisfy every part. */
export interface RunSubset {
  /** Items that have every one of these tags. */
  tags?: string[] | null
  /** Logical item ids, as decimal strings. */
  itemIds?: string[] | null
  /** The first n items of the schedule: a random sample that is the same for all runs with the same seed. */
  sample?: number | null
}

const transitions: Record<RunStatus, readonly RunStatus[]> = {
  QUEUED: ['RUNNING', 'COMPLETED', 'CANCELLED', 'STOPPED'],
  RUNNING: ['COMPLETED', 'CANCELLED', 'STOPPED'],
  CANCELLED: ['QUEUED'],
  STOPPED: ['QUEUED'],
  COMPLETED: ['QUEUED'],
}

/** Whether a run may change from one status to another (diagram in docs/run-lifecycle.md). */
export function canTransition(from: RunStatus, to: RunStatus): boolean {
  return transitions[from].includes(to)
}

/** Whether the run has ended and stays so unless it is resumed or retried. */
export function isFinished(status: RunStatus): boolean {
  return status === 'COMPLETED' || status === 'CANCELLED' || status === 'STOPPED'
}

export interface StartRunInput {
  experimentId: string
  idempotencyKey?: string | null
  name?: string | null
  description?: string | null
  metadata?: Json
  /** What differs from the settings of the experiment. */
  settings?: RunSettingsChanges | null
  subset?: RunSubset | null
  /** The evaluators that score it; null: all that are active for the dataset. Default: as the experiment says. */
  evaluatorIds?: readonly string[] | null
  /** Runs with a higher priority are executed first: -100 to 100, default 0. */
  priority?: number | null
  /** Default: the dataset's current version. */
  datasetVersion?: number | null
  /** Default: the dataset's seed, so that all its runs share one schedule. */
  seed?: string | null
  /** Stop as soon as the comparison of a score with a baseline is decided. */
  earlyStop?: EarlyStopInput | null
  /** The version of the code of a task that clients execute; default: that of the experiment. */
  taskVersion?: string | null
  /** Return the unfinished run of this name, if there is one, instead of starting another. Of a task of clients only. */
  join?: boolean | null
}
