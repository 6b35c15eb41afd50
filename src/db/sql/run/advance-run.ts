import type { Failures } from '../../../domain/execution/task.ts'
import type { Rescoring } from '../../../domain/rescoring.ts'
import type { RunStatus, StopReason } from '../../../domain/run.ts'
import type { Queryable } from '../../client.ts'
import { channels } from '../../listener.ts'

/** The changes of a transaction to a run; counts and sums are differences. */
export interface RunDelta {
  status: RunStatus
  stopReason: StopReason | null
  /** With the reason PROVIDER. */
  stopMessage: string | null
  seq: number
  nextOrdinal: number
  queued: number
  running: number
  succeeded: number
  failed: number
  /** `failed` by its kinds; null when none failed. Failed items are only ever taken back all at once. */
  failures: Readonly<Failures> | null
  cancelled: number
  latencySum: number
  latencyMin: number | null
  latencyMax: number | null
  costSum: number
  costCount: number
  costMax: number | null
  evaluatorCostSum: number
  evaluatorCostCount: number
  inputTokens: number | null
  outputTokens: number | null
  evaluationsQueued: number
  evaluationsRunning: number
  /** Null: as before. */
  rescoring: Rescoring | null
  /** Null: as before. */
  runScored: boolean | null
}

export const noDelta = {
  stopReason: null,
  stopMessage: null,
  seq: 0,
  nextOrdinal: 0,
  queued: 0,
  running: 0,
  succeeded: 0,
  failed: 0,
  failures: null,
  cancelled: 0,
  latencySum: 0,
  latencyMin: null,
  latencyMax: null,
  costSum: 0,
  costCount: 0,
  costMax: null,
  evaluatorCostSum: 0,
  evaluatorCostCount: 0,
  inputTokens: null,
  outputTokens: null,
  evaluationsQueued: 0,
  evaluationsRunning: 0,
  rescoring: null,
  runScored: null,
} satisfies Omit<RunDelta, 'status'>

/**
 * Moves the feeds of runs on by `count` positions, which only their items or scores took; readers are notified on
 * commit. The caller holds the locks of the runs.
 */
export async function advanceFeeds(
  client: Queryable,
  runs: readonly { runId: string; count: number }[],
): Promise<void> {
  await client.query(
    `WITH advanced AS (
       UPDATE run r SET seq = r.seq + a.count FROM unnest($1::uuid[], $2::int[]) AS a (run_id, count)
       WHERE r.id = a.run_id RETURNING r.id, r.seq
     ) SELECT pg_notify('${channels.run}', id || ':' || seq) FROM advanced`,
    [runs.map(({ runId }) => runId), runs.map(({ count }) => count)],
  )
}

const ends = `($2::"RunStatus" IN ('COMPLETED', 'CANCELLED', 'STOPPED'))`

/**
 * The last statement of every other transaction that changes a run: counters, sums and feed position change together, and
 * readers are notified on commit.
 */
export async function advanceRun(client: Queryable, runId: string, delta: RunDelta): Promise<void> {
  await client.query({
    name: 'advance-run',
    text: `WITH advanced AS (
      UPDATE run SET status = $2::"RunStatus", stop_reason = $3, stop_message = $22, seq = seq + $4, next_ordinal = next_ordinal + $5,
        queued = queued + $6, running = running + $7, succeeded = succeeded + $8, failed = failed + $9,
        failures = CASE WHEN failed + $9 = 0 THEN '{}' WHEN $21::jsonb IS NULL THEN failures ELSE failures || (
          SELECT jsonb_object_agg(key, COALESCE((failures ->> key)::int, 0) + value::int) FROM jsonb_each_text($21)) END,
        cancelled = cancelled + $10, latency_sum = latency_sum + $11, latency_min = LEAST(latency_min, $12),
        latency_max = GREATEST(latency_max, $13), cost_sum = cost_sum + $14, cost_count = cost_count + $15,
        cost_max = GREATEST(cost_max, $20),
        evaluator_cost_sum = evaluator_cost_sum + $16, evaluator_cost_count = evaluator_cost_count + $17,
        input_tokens = CASE WHEN $18::bigint IS NULL THEN input_tokens ELSE COALESCE(input_tokens, 0) + $18 END,
        output_tokens = CASE WHEN $19::bigint IS NULL THEN output_tokens ELSE COALESCE(output_tokens, 0) + $19 END,
        evaluations_queued = evaluations_queued + $23, evaluations_running = evaluations_running + $24,
        rescoring = COALESCE($25::jsonb, rescoring),
        run_scored = COALESCE($26::boolean, run_scored),
        started_at = CASE WHEN $2::"RunStatus" = 'RUNNING' THEN COALESCE(started_at, now()) ELSE started_at END,
        finished_at = CASE WHEN ${ends} THEN COALESCE(finished_at, now()) END,
        paused_ms = CASE WHEN NOT ${ends} AND started_at < finished_at
          THEN paused_ms + EXTRACT(EPOCH FROM now() - finished_at) * 1000 ELSE paused_ms END
      WHERE id = $1 RETURNING id, seq
    ) SELECT pg_notify('${channels.run}', id || ':' || seq) FROM advanced`,
    values: [
      runId,
      delta.status,
      delta.stopReason,
      delta.seq,
      delta.nextOrdinal,
      delta.queued,
      delta.running,
      delta.succeeded,
      delta.failed,
      delta.cancelled,
      delta.latencySum,
      delta.latencyMin,
      delta.latencyMax,
      delta.costSum,
      delta.costCount,
      delta.evaluatorCostSum,
      delta.evaluatorCostCount,
      delta.inputTokens,
      delta.outputTokens,
      delta.costMax,
      delta.failures && JSON.stringify(delta.failures),
      delta.stopMessage,
      delta.evaluationsQueued,
      delta.evaluationsRunning,
      delta.rescoring && JSON.stringify(delta.rescoring),
      delta.runScored,
    ],
  })
}
