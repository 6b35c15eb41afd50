/** The items that a client has claimed, as far as recording their results needs it. The caller holds the run's lock. */
import type { ItemError } from '../../../domain/execution/task.ts'
import type { RunItemStatus } from '../../../domain/run.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** The state of an item of which a client wants to record the result. */
export interface ClaimState {
  ordinal: number
  status: RunItemStatus
  lease: string | null
  attempts: number
  excused: number
  /** A client has recorded its response, and the evaluators of the server have not scored it yet. */
  recorded: boolean
  error: ItemError | null
  /** Of all attempts so far. */
  costUsd: number | null
  inputTokens: number | null
  outputTokens: number | null
}

/** Those of these items that the run has, in no particular order. */
export function loadClaims(client: Queryable, runId: string, ordinals: readonly number[]): Promise<ClaimState[]> {
  return queryRows<ClaimState>(
    client,
    `SELECT i.ordinal, i.status, i.lease::text, i.attempts, i.excused, i.recorded IS NOT NULL AS recorded, i.error,
            i.cost_usd AS "costUsd", i.input_tokens AS "inputTokens", i.output_tokens AS "outputTokens"
     FROM unnest($2::int[]) AS o (ordinal)
     CROSS JOIN LATERAL (SELECT * FROM run_item WHERE run_id = $1 AND ordinal = o.ordinal OFFSET 0) i`,
    [runId, ordinals],
  )
}

/** Claims these queued items once more for the client that executed them under a lease that it has lost since. */
export async function reclaimItems(
  client: Queryable,
  runId: string,
  lease: string,
  ordinals: readonly number[],
): Promise<void> {
  await client.query(
    `UPDATE run_item SET status = 'RUNNING', lease = $2::bigint, available_at = NULL
     WHERE ctid = ANY (ARRAY(
       SELECT i.ctid FROM unnest($3::int[]) AS o (ordinal)
       CROSS JOIN LATERAL (
         SELECT ctid FROM run_item WHERE run_id = $1 AND ordinal = o.ordinal AND status = 'QUEUED' OFFSET 0
       ) i))`,
    [runId, lease, ordinals],
  )
}
