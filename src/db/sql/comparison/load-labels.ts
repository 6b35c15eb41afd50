import type { SeriesKey } from '../../../domain/score-series.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { executionScores } from '../score/series.ts'
import { changedItemsSql, type UsedVersions } from './changed-items.ts'
import { numberSeries, perRun } from './metric-values.ts'

/** The pairs of labels of one series between the baseline and one candidate. */
export interface LabelPairs extends SeriesKey {
  /** Number of the candidate, from 2; the baseline is run 1. */
  run: number
  count: number
  equal: number
}

/**
 * Categories and texts have no mean: all that can be counted is on how many items they are equal.
 * @param used if given, the items whose content differs are left out
 */
export async function loadLabelPairs(
  db: Queryable,
  runIds: readonly string[],
  series: readonly SeriesKey[],
  used: UsedVersions | null = null,
): Promise<LabelPairs[]> {
  const values: unknown[] = [runIds]
  const changed = used ? `WITH ${changedItemsSql(used, (value) => `$${values.push(value)}`)} ` : ''
  const scores = numberSeries(series).map(
    ({ source, names }) => `SELECT '${source}'::"ScoreSource" AS source, s.*
      FROM ${executionScores('label', source, `$${values.push(names)}`)}`,
  )
  return queryRows<LabelPairs>(
    db,
    `${changed}SELECT name, source, run, count(*)::int AS count, count(*) FILTER (WHERE baseline = candidate)::int AS equal
     FROM (
       SELECT s.name, s.source, i.item_id,
              ${perRun(runIds.length, labelsOf)}
       FROM (${scores.join(' UNION ALL ')}) s JOIN run_item i USING (run_id, ordinal)
       WHERE i.run_id = ANY ($1::uuid[]) AND s.label IS NOT NULL
       GROUP BY 1, 2, 3
     ) item
     CROSS JOIN LATERAL (VALUES ${perRun(runIds.length - 1, (index) => `(${index + 1}, l1, l${index + 1})`)})
       AS pair (run, baseline, candidate)
     WHERE baseline IS NOT NULL AND candidate IS NOT NULL
       ${used ? 'AND NOT EXISTS (SELECT FROM changed c WHERE c.run = pair.run AND c.item_id = item.item_id)' : ''}
     GROUP BY name, source, run`,
    values,
  )
}

function labelsOf(run: number): string {
  return `array_agg(DISTINCT s.label) FILTER (WHERE s.run_id = ($1::uuid[])[${run}]) AS l${run}`
}
