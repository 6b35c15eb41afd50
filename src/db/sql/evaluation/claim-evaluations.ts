/** Open evaluations from their claim to their end. The caller holds the run's lock. */
import type { Json } from '../../../domain/json/json.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** What identifies an evaluation in its run. */
export interface EvaluationKey {
  ordinal: number
  evaluatorVersionId: string
}

/** The same, also of an evaluation of the run as a whole. */
export interface HeldEvaluation {
  ordinal: number | null
  evaluatorVersionId: string
}

/** How often its evaluator was called for it. */
export interface EvaluationCalls {
  /** Calls that began. */
  attempts: number
  /** How many of them do not count towards `maxAttempts`. */
  excused: number
}

/** A claimed evaluation of a run as a whole; what its evaluator sees is read when it is made. */
export interface ClaimedRunEvaluation extends EvaluationCalls {
  ordinal: null
  evaluatorVersionId: string
  lease: string
}

/** A claimed evaluation, with what its evaluator sees. */
export interface ClaimedEvaluation extends EvaluationKey, EvaluationCalls {
  lease: string
  itemId: string
  repetition: number
  /** The number of the call that made the output. */
  attempt: number
  input: Json
  output: Json
  expectedOutput: Json
  metadata: Json
  latencyMs: number | null
  /** Of all calls of the task for the item; null when unknown. */
  costUsd: number | null
}

export type Claimed = ClaimedEvaluation | ClaimedRunEvaluation

/** An evaluation that was not made with the result of its item. */
export interface NewEvaluation extends EvaluationKey, EvaluationCalls {
  /** Of the lane that is making it; null for one that waits. */
  lease: string | null
  /** How long it waits, in milliseconds; null: not at all. */
  delayMs: number | null
}

/** How one claim of an evaluation ended: it is over, or waits for another call. */
export interface EndedEvaluation extends HeldEvaluation, EvaluationCalls {
  lease: string
  delayMs: number | null
  status: 'DONE' | 'QUEUED'
}

export const due = (delayMs: string) =>
  `COALESCE(statement_timestamp() + ${delayMs} * interval '1 ms', date_trunc('milliseconds', now()))`

export async function insertEvaluations(
  client: Queryable,
  runId: string,
  evaluations: readonly NewEvaluation[],
): Promise<void> {
  await client.query({
    name: 'insert-evaluations',
    text: `INSERT INTO open_evaluation (run_id, ordinal, evaluator_version_id, attempts, excused, lease, available_at)
      SELECT $1, ordinal, "evaluatorVersionId", attempts, excused, lease,
        CASE WHEN lease IS NULL THEN ${due('"delayMs"')} END
      FROM json_to_recordset($2::json) AS e (ordinal int, "evaluatorVersionId" uuid, attempts int, excused int,
        lease bigint, "delayMs" float8)`,
    values: [runId, JSON.stringify(evaluations)],
  })
}

/** Evaluations `claimed` with what their evaluators see; the item and its revision are looked up one by one. */
export const claimedEvaluations = `SELECT c.ordinal, c.evaluator_version_id AS "evaluatorVersionId", c.lease::text, c.attempts, c.excused,
         i.item_id::text AS "itemId", i.repetition, i.attempts AS attempt, r.input, i.output,
         r.expected_output AS "expectedOutput", r.metadata, i.latency_ms AS "latencyMs", i.cost_usd AS "costUsd"
  FROM claimed c
  JOIN run ON run.id = $1
  CROSS JOIN LATERAL (
    SELECT item_id, repetition, attempts, output, latency_ms, cost_usd FROM run_item
    WHERE run_id = $1 AND ordinal = c.ordinal LIMIT 1
  ) i
  CROSS JOIN LATERAL (
    SELECT input, expected_output, metadata FROM dataset_item_revision
    WHERE item_id = i.item_id AND valid_from <= run.dataset_version
      AND (valid_to IS NULL OR valid_to > run.dataset_version)
    LIMIT 1
  ) r
ORDER BY c.ordinal, c.evaluator_version_id`

/**
 * Claims evaluations of items that are due, the longest waiting first; a call begins. The item and its revision are looked
 * up one by one, as for the claims of items.
 */
export function claimEvaluations(
  client: Queryable,
  runId: string,
  lease: string,
  limit: number,
): Promise<ClaimedEvaluation[]> {
  return queryRows<ClaimedEvaluation>(
    client,
    `WITH due AS MATERIALIZED (
       SELECT id FROM open_evaluation
       WHERE run_id = $1 AND ordinal IS NOT NULL AND lease IS NULL AND available_at <= statement_timestamp()
       ORDER BY available_at, ordinal, id LIMIT $3
     ), claimed AS (
       UPDATE open_evaluation e SET lease = $2, available_at = NULL, attempts = attempts + 1
       FROM due WHERE e.id = due.id
       RETURNING e.ordinal, e.evaluator_version_id, e.lease, e.attempts, e.excused
     )
     ${claimedEvaluations}`,
    [runId, lease, limit],
    'claim-evaluations',
  )
}

/** Milliseconds until the next evaluation that waits is due; null if none does. */
export async function findNextEvaluationMs(client: Queryable, runId: string): Promise<number | null> {
  const rows = await queryRows<{ dueMs: number | null }>(
    client,
    `SELECT (extract(epoch FROM min(available_at) - statement_timestamp()) * 1000)::float8 AS "dueMs"
     FROM open_evaluation WHERE run_id = $1 AND lease IS NULL`,
    [runId],
  )
  return rows[0]?.dueMs ?? null
}

/**
 * Removes evaluations that are over, and lets the others wait, each only while its lease still holds it. Returns the
 * indexes of those that matched; the others lost their lease and their scores are worthless.
 */
export async function endEvaluations(
  client: Queryable,
  runId: string,
  evaluations: readonly EndedEvaluation[],
): Promise<number[]> {
  const matches = `e.run_id = r.run_id AND e.ordinal = r.ordinal AND e.evaluator_version_id = r."evaluatorVersionId"
    AND e.lease = r.lease`
  const rows = await queryRows<{ index: number }>(
    client,
    `WITH r AS MATERIALIZED (
       SELECT $1::uuid AS run_id, r.*
       FROM ROWS FROM (json_to_recordset($2::json) AS (
         ordinal int, "evaluatorVersionId" uuid, lease bigint, status text, attempts int, excused int, "delayMs" float8
       )) WITH ORDINALITY AS r (ordinal, "evaluatorVersionId", lease, status, attempts, excused, "delayMs", n)
     ), done AS (
       DELETE FROM open_evaluation e USING r WHERE ${matches} AND r.status = 'DONE' RETURNING r.n
     ), again AS (
       UPDATE open_evaluation e SET lease = NULL, attempts = r.attempts, excused = r.excused,
         available_at = ${due('r."delayMs"')}
       FROM r WHERE ${matches} AND r.status = 'QUEUED' RETURNING r.n
     )
     SELECT n::int - 1 AS index FROM done UNION ALL SELECT n::int - 1 FROM again`,
    [runId, JSON.stringify(evaluations)],
    'end-evaluations',
  )
  return rows.map(({ index }) => index)
}
