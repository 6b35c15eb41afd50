/** The scores of evaluations that were not made with the result of their item. The caller holds the run's lock. */
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import type { EvaluationKey } from './claim-evaluations.ts'

/** A score as the summaries of its run count it. */
export interface ReplacedScore {
  ordinal: number
  name: string
  value: number | null
  label: string | null
  failed: boolean
}

/**
 * Deletes and returns what these evaluations gave before, looked up one by one: where statistics are older than the run, a
 * join would compare every score of the run with every evaluation.
 */
export function deleteEvaluationScores(
  client: Queryable,
  runId: string,
  evaluations: readonly EvaluationKey[],
): Promise<ReplacedScore[]> {
  return queryRows<ReplacedScore>(
    client,
    `DELETE FROM score WHERE ctid = ANY (ARRAY(
       SELECT s.ctid FROM unnest($2::int[], $3::uuid[]) AS e (ordinal, version)
       CROSS JOIN LATERAL (
         SELECT ctid FROM score WHERE run_id = $1 AND ordinal = e.ordinal AND evaluator_version_id = e.version
           AND source = 'EVALUATOR' OFFSET 0
       ) s))
     RETURNING ordinal, name, value, label, error IS NOT NULL AS failed`,
    [runId, evaluations.map(({ ordinal }) => ordinal), evaluations.map(({ evaluatorVersionId }) => evaluatorVersionId)],
  )
}

/** What an item has spent after its evaluators cost more. */
export interface EvaluatedItem {
  /** Whether the cost of an evaluator was known before. */
  hadCost: boolean
  evaluatorCostUsd: number | null
  /** What its latest result and its evaluators cost together, as far as that is known and was not cached. */
  totalUsd: number | null
}

/** Moves items to new positions of the feed, row n to `seq` + n, and adds to the cost of their evaluators. */
export function touchEvaluatedItems(
  client: Queryable,
  runId: string,
  items: readonly { ordinal: number; costUsd: number | null }[],
  seq: number,
): Promise<EvaluatedItem[]> {
  return queryRows<EvaluatedItem>(
    client,
    `WITH d AS MATERIALIZED (
       SELECT $1::uuid AS run_id, ordinal, cost, n::int AS n
       FROM unnest($2::int[], $3::float8[]) WITH ORDINALITY AS d (ordinal, cost, n)
     ), before AS MATERIALIZED (
       SELECT d.*, i.evaluator_cost_usd AS old FROM d JOIN run_item i ON i.run_id = d.run_id AND i.ordinal = d.ordinal
     )
     UPDATE run_item i SET seq = $4::int + b.n,
       evaluator_cost_usd = CASE WHEN b.cost IS NULL THEN b.old ELSE COALESCE(b.old, 0) + b.cost END
     FROM before b WHERE i.run_id = b.run_id AND i.ordinal = b.ordinal
     RETURNING b.old IS NOT NULL AS "hadCost", i.evaluator_cost_usd AS "evaluatorCostUsd",
       CASE WHEN i.cached THEN i.evaluator_cost_usd
         ELSE COALESCE(i.cost_usd + i.evaluator_cost_usd, i.cost_usd, i.evaluator_cost_usd) END AS "totalUsd"`,
    [runId, items.map(({ ordinal }) => ordinal), items.map(({ costUsd }) => costUsd), seq],
  )
}
