import type { Direction, ScoreDataType } from '../../../domain/evaluation.ts'
import type { ScoreTally } from '../../../domain/statistics/score-moments.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/**
 * The current tally of a score name in a run; null if it has none. The caller holds the run's lock, also for the
 * writes.
 */
export async function loadScoreTally(client: Queryable, runId: string, name: string): Promise<ScoreTally | null> {
  const [tally] = await queryRows<ScoreTally>(
    client,
    `SELECT count, sum, m2, error_count AS "errorCount" FROM run_score_summary WHERE run_id = $1 AND name = $2`,
    [runId, name],
  )
  return tally ?? null
}

/**
 * Keeps the data type and direction of the first score with the name. The scores themselves have been written before.
 * Costs the same for any number of scores, unless the last one with the smallest or the largest value was removed: then
 * the next one is looked for among all of the run.
 */
export async function writeScoreTally(
  client: Queryable,
  runId: string,
  score: { name: string; dataType: ScoreDataType; direction: Direction },
  { count, sum, m2, errorCount }: ScoreTally,
  { removed, added }: { removed: readonly ScoredValue[]; added: readonly ScoredValue[] },
): Promise<void> {
  const scores = 'score WHERE run_id = $1 AND name = $2 AND ordinal IS NOT NULL'
  const extreme = (which: 'min' | 'max', extend: string, isWithin: string) => `CASE
    WHEN old.data_type NOT IN ('NUMERIC', 'BOOLEAN') THEN NULL
    WHEN old.count = 0 THEN excluded.${which}
    WHEN ${isWithin} OR EXISTS (SELECT FROM ${scores} AND value = old.${which})
      THEN ${extend}(old.${which}, excluded.${which})
    ELSE (SELECT ${which}(value) FROM ${scores}) END`
  const [left, gained] = [valuesOf(removed), valuesOf(added)]
  await client.query(
    `INSERT INTO run_score_summary AS old (run_id, name, data_type, direction, count, error_count, sum, m2, min, max)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (run_id, name) DO UPDATE SET count = $5, error_count = $6, sum = $7, m2 = $8,
       min = ${extreme('min', 'LEAST', 'old.min < $11::float8')}, max = ${extreme('max', 'GREATEST', 'old.max > $12::float8')},
       revision = old.revision + 1`,
    [
      ...[runId, score.name, score.dataType, score.direction, count, errorCount, sum, m2],
      ...(gained.length > 0 ? [Math.min(...gained), Math.max(...gained)] : [null, null]),
      ...[Math.min(...left), Math.max(...left)],
    ],
  )
}

interface ScoredValue {
  value: number | null
}

function valuesOf(scores: readonly ScoredValue[]): number[] {
  return scores.flatMap(({ value }) => (value === null ? [] : [value]))
}

/** Changes the count of a label in a run by `difference`. */
export async function addLabelCount(
  client: Queryable,
  runId: string,
  name: string,
  label: string,
  difference: number,
): Promise<void> {
  await client.query(
    `INSERT INTO run_score_label AS old (run_id, name, label, count) VALUES ($1, $2, $3, $4)
     ON CONFLICT (run_id, name, label) DO UPDATE SET count = old.count + excluded.count`,
    [runId, name, label, difference],
  )
}
