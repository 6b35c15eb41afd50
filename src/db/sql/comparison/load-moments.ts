import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { changedItemsSql, type UsedVersions } from './changed-items.ts'
import { differenceOf, type NumberedSeries, perRun, valuesOfAllNumbers } from './metric-values.ts'

/** The pairs of one metric between the baseline and one candidate. */
export interface MetricMoments {
  /** Number of the series, from 1; 0 is latency, −1 cost. */
  metric: number
  /** Number of the candidate, from 2; the baseline is run 1. */
  run: number
  count: number
  baselineMean: number
  candidateMean: number
  delta: number
  /** Null for a single pair. */
  stddev: number | null
  increased: number
  decreased: number
  binary: boolean
  /** The differences in item order, comma-separated, where their shape may matter; else null. */
  differences: string | null
}

/**
 * Everything that the fixed-n statistics need about any number of pairs, for all numeric metrics and candidates at
 * once. Metrics without pairs have no row.
 *
 * Sums run in item order, so that swapping the runs mirrors every figure to the last bit. Individual differences leave
 * the database only for the few metrics whose interval may need them: 20 to 2,000 pairs that changed in one direction
 * only.
 * @param used if given, the items whose content differs are left out
 */
export async function loadMetricMoments(
  db: Queryable,
  runIds: readonly string[],
  series: readonly NumberedSeries[],
  used: UsedVersions | null = null,
): Promise<MetricMoments[]> {
  const values: unknown[] = [runIds]
  const all = valuesOfAllNumbers(runIds.length, series, (names) => `$${values.push(names)}`)
  const changed = used ? `${changedItemsSql(used, (value) => `$${values.push(value)}`)}, ` : ''
  const isAlike = used
    ? 'AND NOT EXISTS (SELECT FROM changed c WHERE c.run = pair.run AND c.item_id = value.item_id)'
    : ''
  return queryRows<MetricMoments>(
    db,
    `WITH ${changed}value AS MATERIALIZED (${all}), moments AS (
       SELECT metric, run, count(*)::int AS count,
              avg(baseline ORDER BY item_id) AS "baselineMean", avg(candidate ORDER BY item_id) AS "candidateMean",
              avg(difference ORDER BY item_id) AS delta, stddev_samp(difference ORDER BY item_id) AS stddev,
              count(*) FILTER (WHERE difference > 0)::int AS increased,
              count(*) FILTER (WHERE difference < 0)::int AS decreased,
              bool_and(baseline IN (0, 1) AND candidate IN (0, 1)) AS "binary"
       FROM value
       CROSS JOIN LATERAL (VALUES ${pairs(runIds.length)}) AS pair (run, baseline, candidate, difference)
       WHERE baseline IS NOT NULL AND candidate IS NOT NULL ${isAlike}
       GROUP BY metric, run
     )
     SELECT m.*, CASE WHEN count BETWEEN 20 AND 2000 AND NOT "binary" AND (increased = 0) <> (decreased = 0) THEN (
              SELECT string_agg(difference::text, ',' ORDER BY item_id)
              FROM value
              CROSS JOIN LATERAL (VALUES ${pairs(runIds.length)}) AS pair (run, baseline, candidate, difference)
              WHERE value.metric = m.metric AND pair.run = m.run ${isAlike}
            ) END AS differences
     FROM moments m`,
    values,
  )
}

function pairs(runs: number): string {
  return perRun(runs - 1, (index) => `(${index + 1}, v1, v${index + 1}, ${differenceOf('v1', `v${index + 1}`)})`)
}
