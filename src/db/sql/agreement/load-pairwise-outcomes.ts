import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** What pairwise judges said of the items that belong together, for two runs. */
export interface PairwiseOutcomes {
  /** The run that was judged, and the one whose outputs it was compared with. */
  runId: string
  baselineId: string
  /** Whose items these are: equal for those that belong together. */
  cluster: number
  /** The values of the run: 1 where it was better, 0.5 for neither, 0 where it was worse. */
  values: number[]
  /** How many of them are 0.5 because the order decided. */
  inconsistent: number
}

/**
 * The verdicts that count of all pairwise judges over these runs of a project, at most `limit` of them. Items belong together
 * by what the dataset says, else each is on its own, with its repetitions.
 * @param name of the score; null: any
 */
export function loadPairwiseOutcomes(
  client: Queryable,
  projectId: string,
  runIds: readonly string[],
  name: string | null,
  limit: number,
): Promise<PairwiseOutcomes[]> {
  return queryRows<PairwiseOutcomes>(
    client,
    `WITH verdict AS MATERIALIZED (
       SELECT s.run_id, v.definition ->> 'baselineId' AS baseline_id, i.item_id, s.value, s.label
       FROM run r
       JOIN run_evaluator e ON e.run_id = r.id
       JOIN evaluator_version v ON v.id = e.evaluator_version_id AND v.definition ->> 'kind' = 'pairwise'
         AND v.definition ->> 'baselineId' = ANY ($2::text[]) AND v.definition ->> 'baselineId' <> r.id::text
       JOIN score s ON s.run_id = r.id AND s.evaluator_version_id = v.id AND s.value IS NOT NULL AND s.ordinal IS NOT NULL
       JOIN run_item i ON i.run_id = s.run_id AND i.ordinal = s.ordinal
       WHERE r.project_id = $1 AND r.id = ANY ($2::text[]::uuid[]) AND ($3::text IS NULL OR e.name = $3)
       LIMIT $4
     )
     SELECT t.run_id AS "runId", t.baseline_id AS "baselineId", array_agg(t.value) AS values,
       count(*) FILTER (WHERE t.label = 'inconsistent')::int AS inconsistent,
       dense_rank() OVER (ORDER BY c.value, CASE WHEN c.value IS NULL THEN t.item_id END)::int AS cluster
     FROM verdict t
     JOIN run r ON r.id = t.run_id
     JOIN dataset d ON d.id = r.dataset_id
     JOIN dataset_item_revision w ON w.item_id = t.item_id
       AND w.valid_from <= r.dataset_version AND (w.valid_to IS NULL OR w.valid_to > r.dataset_version)
     CROSS JOIN LATERAL (SELECT w.metadata #>> d.cluster_path AS value) c
     GROUP BY t.run_id, t.baseline_id, c.value, CASE WHEN c.value IS NULL THEN t.item_id END`,
    [projectId, runIds, name, limit],
  )
}
