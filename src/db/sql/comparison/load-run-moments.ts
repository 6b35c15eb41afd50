import type { LackingRule } from '../../../domain/lacking-values.ts'
import type { SeriesKey } from '../../../domain/score-series.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { executionValues, numberSeries } from './metric-values.ts'

/** The items of one series in one run, repetitions averaged. */
export interface RunMoments extends SeriesKey {
  items: number
  mean: number
  /** Null for a single item. */
  stddev: number | null
  /** Every value is 0 or 1. */
  binary: boolean
}

/** Reads every score of these series, failures as their rules say. Series without values have no row. */
export async function loadRunMoments(
  db: Queryable,
  runId: string,
  rules: readonly LackingRule[],
): Promise<RunMoments[]> {
  const values: unknown[] = [[runId]]
  const parameter = (value: unknown) => `$${values.push(value)}`
  const selects = numberSeries(rules).map(({ source, names }) => {
    const own = rules.filter((rule) => rule.source === source)
    return `SELECT s.name, '${source}'::"ScoreSource" AS source, i.item_id, avg(s.value) AS value
      FROM ${executionValues(source, names, own, parameter)} JOIN run_item i USING (run_id, ordinal)
      WHERE i.run_id = ANY ($1::uuid[]) GROUP BY s.name, i.item_id HAVING bool_or(s.known) AND avg(s.value) IS NOT NULL`
  })
  return queryRows<RunMoments>(
    db,
    `SELECT name, source, count(*)::int AS items, avg(value ORDER BY item_id) AS mean,
            stddev_samp(value ORDER BY item_id) AS stddev, bool_and(value IN (0, 1)) AS "binary"
     FROM (${selects.join(' UNION ALL ')}) item GROUP BY 1, 2`,
    values,
  )
}
