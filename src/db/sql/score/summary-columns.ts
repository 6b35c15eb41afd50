/** How the rules and the tally of a series are written to `run_score_summary`. */
import type { ScoreRules } from '../../../domain/evaluation.ts'
import type { SeriesKey } from '../../../domain/score-series.ts'
import type { SeriesTally } from '../../../domain/statistics/series-tally.ts'

/** The rules that a run pins for a series: with its first score, or with its evaluator when the run starts. */
export interface SeriesRules extends ScoreRules {
  /** The version that gives the scores; null for people and programs. */
  evaluatorVersionId: string | null
}

/** A series of a run with a tally: the whole one, or what is to be added to it. The rules apply if it is new. */
export interface SummaryChange extends SeriesKey {
  rules: SeriesRules
  tally: SeriesTally
}

/** How many more executions of items have a label. */
export interface LabelChange extends SeriesKey {
  label: string
  difference: number
}

const columns = `name, source, evaluator_version_id, data_type, direction, lowest, highest, categories, failure_policy,
  count, error_count, score_count, items, sum, m2, min, max`

const given = `name, source, "evaluatorVersionId", "dataType", direction, lowest, highest, categories, "failurePolicy",
  count, "errorCount", "scoreCount", items, sum, m2, min, max`

const types = `name text, source "ScoreSource", "evaluatorVersionId" uuid, "dataType" "ScoreDataType",
  direction "Direction", lowest float8, highest float8, categories jsonb, "failurePolicy" "FailurePolicy", count int,
  "errorCount" int, "scoreCount" int, items int, sum float8, m2 float8, min float8, max float8`

/**
 * What happens with a tally of a series that exists. ADD merges squared deviations by the pairwise update of Chan, Golub
 * and LeVeque (1979), which does not suffer from cancellation as a sum of squares does; deviations whose square is too
 * small for a number count as 0.
 */
const conflicts = {
  ADD: `count = old.count + excluded.count, error_count = old.error_count + excluded.error_count,
    score_count = old.score_count + excluded.score_count, items = old.items + excluded.items, sum = old.sum + excluded.sum,
    m2 = old.m2 + excluded.m2 + CASE
      WHEN old.items > 0 AND excluded.items > 0 AND abs(excluded.sum / excluded.items - old.sum / old.items) > 1e-150
      THEN (excluded.sum / excluded.items - old.sum / old.items) ^ 2
           * old.items * excluded.items / (old.items + excluded.items)
      ELSE 0 END,
    min = LEAST(old.min, excluded.min), max = GREATEST(old.max, excluded.max)`,
  REPLACE: `count = excluded.count, error_count = excluded.error_count, score_count = excluded.score_count,
    items = excluded.items, sum = excluded.sum, m2 = excluded.m2, min = excluded.min, max = excluded.max`,
}

/**
 * The insertion of summaries and label counts; `runId` is an expression, or a member of each element.
 * @param parameters those of the two lists, as JSON
 */
export function writeSummariesSql(
  mode: keyof typeof conflicts,
  runId: string,
  parameters: { summaries: string; labels: string },
): { summaries: string; labels: string } {
  return {
    summaries: `INSERT INTO run_score_summary AS old (run_id, ${columns})
      SELECT ${runId}, ${given} FROM json_to_recordset(${parameters.summaries}::json) AS d ("runId" uuid, ${types})
      ON CONFLICT (run_id, name, source) DO UPDATE SET ${conflicts[mode]}`,
    labels: `INSERT INTO run_score_label AS old (run_id, name, source, label, count)
      SELECT ${runId}, name, source, label, difference
      FROM json_to_recordset(${parameters.labels}::json)
        AS d ("runId" uuid, name text, source "ScoreSource", label text, difference int)
      ON CONFLICT (run_id, name, source, label) DO UPDATE SET count = old.count + excluded.count`,
  }
}

/** The elements that {@link writeSummariesSql} reads. */
export function summariesJson(changes: readonly (SummaryChange & { runId?: string })[]): string {
  return JSON.stringify(
    changes.map(({ runId, name, source, rules, tally }) => {
      const { min: lowest, max: highest, ...rest } = rules
      return { runId, name, source, ...rest, lowest, highest, ...tally }
    }),
  )
}
