import type { SeriesKey } from '../../../domain/score-series.ts'
import type { Queryable } from '../../client.ts'
import { integerColumn, integers } from '../../number-columns.ts'
import { queryRows } from '../../query-rows.ts'

/** Labels of executions, those of one execution in the order they were given. */
export interface LabelColumns {
  ordinals: Int32Array
  /** Index in the series. */
  series: Int32Array
  /** Index in `names`; −1: its evaluator failed. */
  labels: Int32Array
  names: string[]
}

export async function loadLabelColumns(
  db: Queryable,
  runId: string,
  series: readonly SeriesKey[],
): Promise<LabelColumns> {
  const [row] = await queryRows<Record<'ordinals' | 'series' | 'labels', Buffer | null> & { names: string[] | null }>(
    db,
    `WITH given AS MATERIALIZED (
       SELECT s.id, s.ordinal, k.n::int - 1 AS series, s.label
       FROM score s JOIN unnest($2::text[], $3::"ScoreSource"[]) WITH ORDINALITY AS k (name, source, n) USING (name, source)
       WHERE s.run_id = $1 AND s.ordinal IS NOT NULL AND (s.label IS NOT NULL OR s.error IS NOT NULL)
     ), name AS MATERIALIZED (
       SELECT label, row_number() OVER (ORDER BY label)::int - 1 AS number FROM given WHERE label IS NOT NULL GROUP BY label
     )
     SELECT ${integerColumn('ordinal', 'id')} AS ordinals, ${integerColumn('series', 'id')} AS series,
       ${integerColumn('COALESCE(number, -1)', 'id')} AS labels, (SELECT array_agg(label ORDER BY number) FROM name) AS names
     FROM given LEFT JOIN name USING (label)`,
    [runId, series.map(({ name }) => name), series.map(({ source }) => source)],
  )
  return {
    ordinals: integers(row?.ordinals),
    series: integers(row?.series),
    labels: integers(row?.labels),
    names: row?.names ?? [],
  }
}
