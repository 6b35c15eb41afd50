import type { Direction, ScoreDataType } from '../../../domain/evaluation.ts'
import type { ScoreTally } from '../../../domain/statistics/score-moments.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** A score name in a run. */
export interface SummaryKey {
  runId: string
  name: string
}

/**
 * The current tallies of score names in their runs, in no particular order; none for a name that the run does not have.
 * The caller holds the locks of the runs, also for the writes.
 */
export async function loadScoreTallies(
  client: Queryable,
  keys: readonly SummaryKey[],
): Promise<(SummaryKey & ScoreTally)[]> {
  return queryRows<SummaryKey & ScoreTally>(
    client,
    `SELECT run_id AS "runId", name, count, sum, m2, error_count AS "errorCount"
     FROM unnest($1::uuid[], $2::text[]) AS key (run_id, name) JOIN run_score_summary USING (run_id, name)`,
    [keys.map(({ runId }) => runId), keys.map(({ name }) => name)],
  )
}

/** Keeps the data type and direction of the first score with the name. */
export async function writeScoreTallies(
  client: Queryable,
  tallies: readonly (SummaryKey & ScoreTally & { dataType: ScoreDataType; direction: Direction })[],
): Promise<void> {
  await client.query(
    `INSERT INTO run_score_summary (run_id, name, data_type, direction, count, error_count, sum, m2)
     SELECT "runId", name, "dataType", direction, count, "errorCount", sum, m2
     FROM jsonb_to_recordset($1::jsonb) AS t ("runId" uuid, name text, "dataType" "ScoreDataType",
       direction "Direction", count int, "errorCount" int, sum float8, m2 float8)
     ON CONFLICT (run_id, name) DO UPDATE SET count = excluded.count, error_count = excluded.error_count,
       sum = excluded.sum, m2 = excluded.m2`,
    [JSON.stringify(tallies)],
  )
}

/** Changes the counts of labels in their runs by `difference`; each label once. */
export async function addLabelCounts(
  client: Queryable,
  labels: readonly (SummaryKey & { label: string; difference: number })[],
): Promise<void> {
  await client.query(
    `INSERT INTO run_score_label AS old (run_id, name, label, count)
     SELECT "runId", name, label, difference
     FROM jsonb_to_recordset($1::jsonb) AS l ("runId" uuid, name text, label text, difference int)
     ON CONFLICT (run_id, name, label) DO UPDATE SET count = old.count + excluded.count`,
    [JSON.stringify(labels)],
  )
}
