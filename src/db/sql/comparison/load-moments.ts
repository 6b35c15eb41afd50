import type { LackingRule } from '../../../domain/lacking-values.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { changedItemsSql, type UsedVersions } from './changed-items.ts'
import { differenceOf, type NumberedSeries, perRun, rangesOfAllNumbers, valuesOfAllNumbers } from './metric-values.ts'

/** The pairs of one metric between the baseline and one candidate. */
export interface MetricMoments {
  /** Number of the series, from 1; of what is measured, `measuredNumbers`. */
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

/** The moments with every lacking value as low, or as high, as it can be for the difference. */
export type ExtremeMoments = Pick<MetricMoments, 'delta' | 'stddev' | 'increased' | 'decreased'>

/** Moments of a metric of which values are lacking; without pairs the means are null. */
export interface RangeMoments extends MetricMoments {
  /** Items executed in both runs that have no pair because a value is lacking. */
  lacking: number
  /** Items of which some value is lacking, also of single repetitions. */
  incomplete: number
  /** Pairs and lacking ones. */
  executed: number
  /** Every value, known or possible, is 0 or 1. */
  executedBinary: boolean
  lowest: ExtremeMoments
  highest: ExtremeMoments
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
  const all = valuesOfAllNumbers(runIds.length, series, (value) => `$${values.push(value)}`)
  const { changed, isAlike } = withoutChanged(used, values)
  const from = `value
       CROSS JOIN LATERAL (VALUES ${pairs(runIds.length)}) AS pair (run, baseline, candidate, difference)`
  return queryRows<MetricMoments>(
    db,
    `WITH ${changed}value AS MATERIALIZED (${all}), moments AS (
       SELECT metric, run, ${moments('true')}
       FROM ${from}
       WHERE baseline IS NOT NULL AND candidate IS NOT NULL AND ${isAlike}
       GROUP BY metric, run
     )
     SELECT m.*, ${differences(from, isAlike)} FROM moments m`,
    values,
  )
}

/** As {@link loadMetricMoments} where values are lacking; it reads and computes about three times as much. */
export async function loadRangeMoments(
  db: Queryable,
  runIds: readonly string[],
  series: readonly NumberedSeries[],
  rules: readonly LackingRule[],
  timeouts: readonly number[],
  used: UsedVersions | null = null,
): Promise<RangeMoments[]> {
  const values: unknown[] = [runIds]
  const all = rangesOfAllNumbers(runIds.length, series, rules, timeouts, (value) => `$${values.push(value)}`)
  const from = `value
       CROSS JOIN LATERAL (VALUES ${ranges(runIds.length)})
         AS pair (run, baseline, candidate, difference, low, high, incomplete, zero_or_one, executed)`
  const { changed, isAlike } = withoutChanged(used, values)
  const isPair = 'baseline IS NOT NULL AND candidate IS NOT NULL'
  return queryRows<RangeMoments>(
    db,
    `WITH ${changed}value AS MATERIALIZED (${all}), moments AS (
       SELECT metric, run, ${moments(isPair)},
              count(*) FILTER (WHERE NOT (${isPair}))::int AS lacking, count(*) FILTER (WHERE incomplete)::int AS incomplete,
              count(*)::int AS executed, bool_and(zero_or_one) AS "executedBinary",
              ${extreme('low')} AS lowest, ${extreme('high')} AS highest
       FROM ${from}
       WHERE executed AND ${isAlike}
       GROUP BY metric, run
     )
     SELECT m.*, ${differences(from, `executed AND ${isPair} AND ${isAlike}`)} FROM moments m`,
    values,
  )
}

/** A CTE with the items whose content differs, and the condition that a pair is not one of them. */
function withoutChanged(used: UsedVersions | null, values: unknown[]): { changed: string; isAlike: string } {
  if (!used) return { changed: '', isAlike: 'true' }
  return {
    changed: `${changedItemsSql(used, (value) => `$${values.push(value)}`)}, `,
    isAlike: 'NOT EXISTS (SELECT FROM changed c WHERE c.run = pair.run AND c.item_id = value.item_id)',
  }
}

/** The moments of the pairs on which the condition holds. */
function moments(isPair: string): string {
  const of = isPair === 'true' ? '' : `FILTER (WHERE ${isPair})`
  const also = isPair === 'true' ? '' : ` AND ${isPair}`
  return `count(*) ${of}::int AS count,
              avg(baseline ORDER BY item_id) ${of} AS "baselineMean", avg(candidate ORDER BY item_id) ${of} AS "candidateMean",
              avg(difference ORDER BY item_id) ${of} AS delta, stddev_samp(difference ORDER BY item_id) ${of} AS stddev,
              count(*) FILTER (WHERE difference > 0${also})::int AS increased,
              count(*) FILTER (WHERE difference < 0${also})::int AS decreased,
              COALESCE(bool_and(baseline IN (0, 1) AND candidate IN (0, 1)) ${of}, true) AS "binary"`
}

function extreme(difference: 'low' | 'high'): string {
  return `json_build_object('delta', avg(${difference} ORDER BY item_id), 'stddev', stddev_samp(${difference} ORDER BY item_id),
                'increased', count(*) FILTER (WHERE ${difference} > 0), 'decreased', count(*) FILTER (WHERE ${difference} < 0))`
}

function differences(from: string, isPair: string): string {
  return `CASE WHEN count BETWEEN 20 AND 2000 AND NOT "binary" AND (increased = 0) <> (decreased = 0) THEN (
              SELECT string_agg(difference::text, ',' ORDER BY item_id)
              FROM ${from}
              WHERE value.metric = m.metric AND pair.run = m.run AND ${isPair}
            ) END AS differences`
}

function pairs(runs: number): string {
  return perRun(runs - 1, (index) => `(${index + 1}, v1, v${index + 1}, ${differenceOf('v1', `v${index + 1}`)})`)
}

function ranges(runs: number): string {
  return perRun(runs - 1, (index) => {
    const run = index + 1
    const zeroOrOne = ['lo1', 'hi1', `lo${run}`, `hi${run}`].map((value) => `${value} IN (0, 1)`).join(' AND ')
    return `(${run}, v1, v${run}, ${differenceOf('v1', `v${run}`)}, ${differenceOf('hi1', `lo${run}`)},
      ${differenceOf('lo1', `hi${run}`)}, lo1 <> hi1 OR lo${run} <> hi${run}, ${zeroOrOne},
      COALESCE((known1 OR known${run}) AND lo1 IS NOT NULL AND lo${run} IS NOT NULL, false))`
  })
}
