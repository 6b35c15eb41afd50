import type { ScoreDataType, ScoreSource } from '../../../domain/evaluation.ts'
import type { DistributedMetric } from '../../../domain/metric.ts'
import type { MeasuredBin } from '../../../domain/statistics/histogram.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { preference } from '../score/series.ts'

/** The values of a metric in a run, each of one execution. */
export interface DistributionRow {
  runId: string
  /** Null unless the metric is a score. */
  dataType: ScoreDataType | null
  source: ScoreSource | null
  /** Values or labels. */
  count: number
  min: number | null
  max: number | null
  /** At {@link quantileRanks}, interpolated; null without values. */
  quantiles: number[] | null
  /** Only those with values. A bin of a single value has neither number nor width. */
  bins: MeasuredBin[]
  /** The most frequent labels of a CATEGORICAL score. */
  labels: { label: string; count: number }[]
}

export const quantileRanks = [0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]

/** Labels of one distribution at most. */
export const maxLabels = 100

/**
 * Reads all values of the metric in these runs. There is no row for a run without the score, or where it is TEXT.
 * @param bins how many there are at most
 */
export async function loadDistributions(
  client: Queryable,
  runIds: readonly string[],
  metric: DistributedMetric,
  bins: number,
): Promise<DistributionRow[]> {
  const isScore = metric.kind === 'SCORE'
  const { series, values } = metric.kind === 'SCORE' ? scores : measured[metric.kind]
  return queryRows<DistributionRow>(
    client,
    `WITH series AS (${series}), value AS MATERIALIZED (${values}),
     figures AS (
       SELECT run_id, count(*)::int AS count, min(value) AS min, max(value) AS max, count(DISTINCT value) AS different,
         percentile_cont('{${quantileRanks.join()}}'::float8[]) WITHIN GROUP (ORDER BY value) AS quantiles
       FROM value GROUP BY 1
     ),
     bin AS (
       SELECT run_id, json_agg(json_build_object('bin', bin, 'value', single, 'count', n)) AS bins FROM (
         SELECT v.run_id, count(*) AS n, CASE WHEN different <= $2::int THEN value END AS single,
           CASE WHEN different > $2::int THEN LEAST(width_bucket(value, min, max, $2::int), $2::int) END AS bin
         FROM value v JOIN figures USING (run_id) GROUP BY v.run_id, single, bin
       ) counted GROUP BY 1
     )
     SELECT s.run_id AS "runId", s.data_type AS "dataType", s.source, COALESCE(f.count, s.labelled, 0) AS count,
       f.min, f.max, f.quantiles, COALESCE(b.bins, '[]') AS bins, ${isScore ? labels : `'[]'::json`} AS labels
     FROM series s LEFT JOIN figures f USING (run_id) LEFT JOIN bin b USING (run_id)`,
    [runIds, bins, ...(metric.kind === 'SCORE' ? [metric.name, metric.source] : [])],
  )
}

const scores = {
  series: `SELECT DISTINCT ON (run_id) run_id, name, source, data_type,
      CASE WHEN data_type = 'CATEGORICAL' THEN count END AS labelled
    FROM run_score_summary
    WHERE run_id = ANY ($1::uuid[]) AND name = $3 AND source = COALESCE($4::"ScoreSource", source) AND data_type <> 'TEXT'
    ORDER BY run_id, ${preference('source')}`,
  values: `SELECT s.run_id, avg(s.value) AS value
    FROM series JOIN score s ON s.run_id = series.run_id AND s.name = series.name AND s.source = series.source
    WHERE s.ordinal IS NOT NULL AND s.value IS NOT NULL GROUP BY s.run_id, s.ordinal`,
}

const labels = `(SELECT COALESCE(json_agg(json_build_object('label', label, 'count', count) ORDER BY count DESC, label), '[]')
  FROM (
    SELECT l.label, l.count FROM run_score_label l
    WHERE l.run_id = s.run_id AND l.name = s.name AND l.source = s.source AND l.count > 0
    ORDER BY l.count DESC, l.label LIMIT ${maxLabels}
  ) l)`

const measured = {
  LATENCY: ofItems('latency_ms', `status = 'SUCCEEDED'`),
  COST: ofItems('cost_usd', `status IN ('SUCCEEDED', 'FAILED')`),
}

function ofItems(column: string, condition: string) {
  return {
    series: `SELECT run_id, NULL AS source, NULL AS data_type, NULL::int AS labelled
      FROM unnest($1::uuid[]) AS given (run_id)`,
    values: `SELECT run_id, ${column} AS value FROM run_item
      WHERE run_id = ANY ($1::uuid[]) AND ${condition} AND ${column} IS NOT NULL`,
  }
}
