import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { perRun } from './metric-values.ts'

/** The pairs of labels of one score between the baseline and one candidate. */
export interface LabelPairs {
  name: string
  /** Number of the candidate, from 2; the baseline is run 1. */
  run: number
  count: number
  equal: number
}

/** Categories and texts have no mean: all that can be counted is on how many items they are equal. */
export async function loadLabelPairs(
  db: Queryable,
  runIds: readonly string[],
  scoreNames: readonly string[],
): Promise<LabelPairs[]> {
  return queryRows<LabelPairs>(
    db,
    `SELECT name, run, count(*)::int AS count, count(*) FILTER (WHERE baseline = candidate)::int AS equal
     FROM (
       SELECT s.name, i.item_id,
              ${perRun(runIds.length, labelsOf)}
       FROM score s JOIN run_item i USING (run_id, ordinal)
       WHERE s.run_id = ANY ($1::uuid[]) AND i.run_id = ANY ($1::uuid[]) AND s.name = ANY ($2::text[])
         AND s.label IS NOT NULL
       GROUP BY 1, 2
     ) item
     CROSS JOIN LATERAL (VALUES ${perRun(runIds.length - 1, (index) => `(${index + 1}, l1, l${index + 1})`)})
       AS pair (run, baseline, candidate)
     WHERE baseline IS NOT NULL AND candidate IS NOT NULL
     GROUP BY name, run`,
    [runIds, scoreNames],
  )
}

function labelsOf(run: number): string {
  return `array_agg(DISTINCT s.label) FILTER (WHERE s.run_id = ($1::uuid[])[${run}]) AS l${run}`
}
