/** What lanes ask of the ledger, and its answers. */
import type { Claimed, HeldEvaluation } from '../../db/sql/evaluation/claim-evaluations.ts'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import type { RunStatus } from '../../domain/run.ts'
import type { FinishedCounts } from '../../telemetry/metrics.ts'
import type { LedgerResult } from './item-result.ts'

/** The answer to a ClaimRequest. */
export interface Claim {
  items: ClaimedItem[]
  /** Evaluations by themselves; none for a client. */
  evaluations: Claimed[]
  /** Finished when there will be nothing more; a run whose outputs are being scored again is RUNNING. */
  status: RunStatus
  /** What is left to claim after this: items, and for a worker evaluations. */
  queued: number
  /** The run's current concurrency, over all lanes. */
  concurrency: number
  /** Milliseconds until the next retry is due; null when none waits for one. */
  dueMs: number | null
}

export interface ClaimRequest {
  lease: string
  /** The maximum of items and evaluations. */
  limit: number
  /**
   * A client asks: it gets what is to be executed, and workers what is left to score. Without, a worker gets what is to be
   * executed, unless clients execute the run.
   */
  ofClient?: true
}

/** What a lane has under its lease. */
export interface Held {
  /** Their ordinals. */
  items: readonly number[]
  evaluations: readonly HeldEvaluation[]
}

/** A claim whose answer may be lost: what is under the lease and not known is requeued. */
export interface UncertainClaim {
  lease: string
  known: Held
}

export interface Written {
  status: RunStatus
  /** In the order of the requests; null for a lease that no lane has any more. */
  answers: (Claim | null)[]
  /** And evaluations that were opened. */
  ended: FinishedCounts & { evaluationsQueued?: number }
}

/** What is written in one transaction. */
export interface LedgerBatch {
  results: readonly LedgerResult[]
  requests: readonly ClaimRequest[]
  uncertain: readonly UncertainClaim[]
}

/** `writeLedger`, bound to a run. */
export type WriteLedger = (
  results: readonly LedgerResult[],
  requests: readonly ClaimRequest[],
  uncertain: readonly UncertainClaim[],
) => Promise<Written>

/** Of a run with this status. */
export function emptyClaim(status: RunStatus): Claim {
  return { items: [], evaluations: [], status, queued: 0, concurrency: 0, dueMs: null }
}
