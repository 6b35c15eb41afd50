import type { Direction, ScoreDataType } from '../../../domain/evaluation.ts'
import type { Extremes, ScoreTally } from '../../../domain/statistics/score-moments.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** A score name in a run. */
export interface SummaryKey {
  runId: string
  name: string
}

interface StoredTally extends SummaryKey, ScoreTally, Extremes {
  dataType: ScoreDataType
}

/**
 * The current tallies of score names in their runs, in no particular order; none for a name that the run does not have.
 * The caller holds the locks of the runs, also for the writes.
 */
export async function loadScoreTallies(client: Queryable, keys: readonly SummaryKey[]): Promise<StoredTally[]> {
  return queryRows<StoredTally>(
    client,
    `SELECT run_id AS "runId", name, data_type AS "dataType", count, sum, m2, error_count AS "errorCount", min, max
     FROM unnest($1::uuid[], $2::text[]) AS key (run_id, name) JOIN run_score_summary USING (run_id, name)`,
    [keys.map(({ runId }) => runId), keys.map(({ name }) => name)],
  )
}

/** What is to be written of a score name. */
interface NewTally extends StoredTally {
  direction: Direction
  /** The extremes of the values that were removed. */
  removed: Extremes
}

/**
 * Keeps the data type and direction of the first score with the name. The scores themselves have been written before.
 * `min` and `max` are those before and of what was added, null if unknown. This costs the same for any number of scores
 * unless they are unknown, or the last score with one of these values was removed: then all of the run are read.
 */
export async function writeScoreTallies(client: Queryable, tallies: readonly NewTally[]): Promise<void> {
  const scores = 'score s WHERE s.run_id = t."runId" AND s.name = t.name AND s.ordinal IS NOT NULL'
  const extreme = (which: 'min' | 'max', isReached: string) => `CASE
    WHEN t."dataType" NOT IN ('NUMERIC', 'BOOLEAN') OR t.count = 0 THEN NULL
    WHEN t.${which} IS NULL OR ${isReached} AND NOT EXISTS (SELECT FROM ${scores} AND s.value = t.${which})
      THEN (SELECT ${which}(s.value) FROM ${scores}) ELSE t.${which} END`
  await client.query(
    `INSERT INTO run_score_summary AS old (run_id, name, data_type, direction, count, error_count, sum, m2, min, max)
     SELECT "runId", name, "dataType", direction, count, "errorCount", sum, m2,
       ${extreme('min', `(removed ->> 'min')::float8 <= t.min`)}, ${extreme('max', `(removed ->> 'max')::float8 >= t.max`)}
     FROM jsonb_to_recordset($1::jsonb) AS t ("runId" uuid, name text, "dataType" "ScoreDataType",
       direction "Direction", count int, "errorCount" int, sum float8, m2 float8, min float8, max float8, removed jsonb)
     ON CONFLICT (run_id, name) DO UPDATE SET count = excluded.count, error_count = excluded.error_count,
       sum = excluded.sum, m2 = excluded.m2, min = excluded.min, max = excluded.max, revision = old.revision + 1`,
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
