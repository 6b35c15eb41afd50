import type { ScoreDataType } from '../../../domain/evaluation.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** What one version of an evaluator gave the items of a run, and how far that is from what counts now. */
export interface ScoreVersion {
  evaluatorVersionId: string
  /** Whether these scores count. */
  isCurrent: boolean
  dataType: ScoreDataType
  /** Executions with a value or label, and those where it failed. */
  count: number
  errorCount: number
  /** Of the items with a value, repetitions averaged. */
  items: number
  sum: number
  m2: number
  /** Executions that this version and the current one have given a value or label, and those where it is the same. */
  paired: number
  same: number
  /** Current − this, of items that both have given a value. */
  differences: { items: number; sum: number; m2: number }
}

/** The versions that have given a score of a run, the current one first, then the newest. All of their scores are read. */
export function loadScoreVersions(client: Queryable, runId: string, name: string): Promise<ScoreVersion[]> {
  return queryRows<ScoreVersion>(
    client,
    `WITH given AS MATERIALIZED (
       SELECT true AS current, evaluator_version_id AS version, data_type, ordinal, value, label, error FROM score
       WHERE run_id = $1 AND name = $2 AND source = 'EVALUATOR' AND ordinal IS NOT NULL AND evaluator_version_id IS NOT NULL
       UNION ALL
       SELECT false, evaluator_version_id, data_type, ordinal, value, label, error FROM former_score
       WHERE run_id = $1 AND name = $2 AND ordinal IS NOT NULL AND evaluator_version_id IS NOT NULL
         AND evaluator_version_id NOT IN (
           SELECT evaluator_version_id FROM run_score_summary
           WHERE run_id = $1 AND name = $2 AND source = 'EVALUATOR' AND evaluator_version_id IS NOT NULL)
     ), execution AS (
       SELECT g.*, i.position, c.value AS now, c.error IS NULL AND g.error IS NULL AND c.ordinal IS NOT NULL AS paired,
         c.value IS NOT DISTINCT FROM g.value AND c.label IS NOT DISTINCT FROM g.label AS same
       FROM given g
       JOIN run_item i ON i.run_id = $1 AND i.ordinal = g.ordinal
       LEFT JOIN given c ON c.current AND c.ordinal = g.ordinal
     ), item AS (
       SELECT version, position, avg(value) AS value, avg(now - value) AS difference FROM execution GROUP BY 1, 2
     ), moments AS (
       SELECT version, count(value)::int AS items, COALESCE(sum(value), 0) AS sum,
         COALESCE(var_pop(value) * count(value), 0) AS m2,
         json_build_object('items', count(difference), 'sum', COALESCE(sum(difference), 0),
           'm2', COALESCE(var_pop(difference) * count(difference), 0)) AS differences
       FROM item GROUP BY 1
     ), counts AS (
       SELECT version, current, min(data_type) AS data_type, count(*) FILTER (WHERE error IS NULL)::int AS count,
         count(*) FILTER (WHERE error IS NOT NULL)::int AS errors, count(*) FILTER (WHERE paired)::int AS paired,
         count(*) FILTER (WHERE paired AND same)::int AS same
       FROM execution GROUP BY 1, 2
     )
     SELECT c.version AS "evaluatorVersionId", c.current AS "isCurrent", c.data_type AS "dataType", c.count,
       c.errors AS "errorCount", m.items, m.sum, m.m2, c.paired, c.same, m.differences
     FROM counts c JOIN moments m USING (version) JOIN evaluator_version v ON v.id = c.version
     ORDER BY c.current DESC, v.created_at DESC, v.id`,
    [runId, name],
  )
}
