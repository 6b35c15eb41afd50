import type { RunSettings, RunStatus, StopReason } from '../../domain/run.ts'
import type { Queryable } from '../client.ts'

/** The ledger of a run as its next writer finds it. */
export interface LockedRun {
  status: RunStatus
  stopReason: StopReason | null
  seq: number
  nextOrdinal: number
  total: number
  queued: number
  running: number
  succeeded: number
  failed: number
  cancelled: number
  costSum: number
  costCount: number
  costMax: number | null
  priority: number
  settings: RunSettings
}

/**
 * Takes the run's row until the transaction ends. Whoever changes anything of a run takes this lock first and on its
 * own: a statement that locks and decides at once decides by the snapshot from before it waited.
 */
export async function lockRun(client: Queryable, runId: string): Promise<LockedRun | null> {
  const { rows } = await client.query<LockedRun>(
    `SELECT status, stop_reason AS "stopReason", seq, next_ordinal AS "nextOrdinal", total, queued, running, succeeded, failed, cancelled,
            cost_sum AS "costSum", cost_count AS "costCount", cost_max AS "costMax", priority, settings
     FROM run WHERE id = $1 FOR UPDATE`,
    [runId],
  )
  return rows[0] ?? null
}
