import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** What two versions of an evaluator gave the same outputs. */
export interface VersionPairs {
  /** The number of the earlier one. */
  version: number
  /** Outputs with a value or label of both, and those where it is the same. */
  pairs: number
  same: number
  /** Later − earlier, of those with values. */
  items: number
  sum: number
  m2: number
}

const maxRuns = 200
const maxPairs = 50_000

const pins = `(SELECT run_id, evaluator_version_id, name FROM run_evaluator
  UNION ALL SELECT run_id, evaluator_version_id, name FROM former_evaluator)`

const givenBy = (version: string, more: string) => `(
  SELECT ordinal, value, label FROM score
  WHERE run_id = shared.run_id AND name = shared.name AND evaluator_version_id = ${version} AND error IS NULL
    AND ordinal IS NOT NULL ${more}
  UNION ALL
  SELECT ordinal, value, label FROM former_score
  WHERE run_id = shared.run_id AND name = shared.name AND evaluator_version_id = ${version} AND error IS NULL
    AND ordinal IS NOT NULL ${more})`

/**
 * A version beside the newest earlier one that has scored the same outputs, as when these were scored again: in the newest
 * runs, and at most 50,000 outputs. Null when there is none.
 */
export async function loadDrift(
  client: Queryable,
  { id, evaluatorId, version }: { id: string; evaluatorId: string; version: number },
): Promise<VersionPairs | null> {
  const [found] = await queryRows<VersionPairs>(
    client,
    `WITH earlier AS (
       SELECT v.id, v.version FROM evaluator_version v
       WHERE v.evaluator_id = $2 AND v.version < $3 AND EXISTS (
         SELECT FROM ${pins} a JOIN ${pins} b USING (run_id) WHERE a.evaluator_version_id = $1 AND b.evaluator_version_id = v.id)
       ORDER BY v.version DESC LIMIT 1
     ), shared AS (
       SELECT a.run_id, a.name FROM earlier
       JOIN ${pins} b ON b.evaluator_version_id = earlier.id
       JOIN ${pins} a ON a.run_id = b.run_id AND a.evaluator_version_id = $1
       JOIN run r ON r.id = a.run_id ORDER BY r.created_at DESC LIMIT ${maxRuns}
     ), pair AS (
       SELECT l.value - e.value AS difference,
         l.value IS NOT DISTINCT FROM e.value AND l.label IS NOT DISTINCT FROM e.label AS same
       FROM shared CROSS JOIN earlier
       CROSS JOIN LATERAL ${givenBy('$1', '')} l
       CROSS JOIN LATERAL ${givenBy('earlier.id', 'AND ordinal = l.ordinal')} e
       LIMIT ${maxPairs}
     )
     SELECT earlier.version, count(pair.same)::int AS pairs, count(*) FILTER (WHERE pair.same)::int AS same,
       count(difference)::int AS items, COALESCE(sum(difference), 0) AS sum,
       COALESCE(var_pop(difference) * count(difference), 0) AS m2
     FROM earlier LEFT JOIN pair ON true GROUP BY 1`,
    [id, evaluatorId, version],
  )
  return found && found.pairs > 0 ? found : null
}
