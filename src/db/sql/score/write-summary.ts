/** Summaries of series as their scores change. The caller holds the locks of the runs. */
import type { ScoreRules } from '../../../domain/evaluation.ts'
import type { SeriesKey, SeriesScore } from '../../../domain/score-series.ts'
import type { SeriesTally } from '../../../domain/statistics/series-tally.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { itemValuesSql } from './series.ts'
import {
  type LabelChange,
  type SeriesRules,
  type SummaryChange,
  summariesJson,
  writeSummariesSql,
} from './summary-columns.ts'

/** A series of a run. */
export interface RunSeriesKey extends SeriesKey {
  runId: string
}

/** A series of a run as it is stored, with the scores of some executions. */
export interface StoredSeries extends RunSeriesKey {
  /** Null: the run has no such series. */
  stored: { rules: SeriesRules; tally: SeriesTally } | null
  scores: SeriesScore[]
}

const storedSql = `json_build_object(
  'rules', json_build_object('evaluatorVersionId', r.evaluator_version_id, 'dataType', r.data_type,
    'direction', r.direction, 'min', r.lowest, 'max', r.highest, 'categories', r.categories,
    'failurePolicy', r.failure_policy),
  'tally', json_build_object('count', r.count, 'errorCount', r.error_count, 'scoreCount', r.score_count,
    'items', r.items, 'sum', r.sum, 'm2', r.m2, 'min', r.min, 'max', r.max))`

/** Each series as it is stored, with the scores of these executions; in no particular order. */
export async function loadSeries(
  client: Queryable,
  keys: readonly (RunSeriesKey & { ordinals: readonly number[] })[],
): Promise<StoredSeries[]> {
  return queryRows<StoredSeries>(
    client,
    `SELECT k.run_id AS "runId", k.name, k.source, CASE WHEN r.run_id IS NOT NULL THEN ${storedSql} END AS stored, (
       SELECT COALESCE(json_agg(json_build_object(
         'ordinal', s.ordinal, 'value', s.value, 'label', s.label, 'failed', s.error IS NOT NULL)), '[]')
       FROM score s WHERE s.run_id = k.run_id AND s.ordinal = ANY (k.ordinals) AND s.name = k.name AND s.source = k.source
     ) AS scores
     FROM (SELECT "runId" AS run_id, name, source, ordinals FROM jsonb_to_recordset($1::jsonb)
       AS key ("runId" uuid, name text, source "ScoreSource", ordinals int[])) k
     LEFT JOIN run_score_summary r ON r.run_id = k.run_id AND r.name = k.name AND r.source = k.source`,
    [JSON.stringify(keys.map(({ runId, name, source, ordinals }) => ({ runId, name, source, ordinals })))],
    'load-series',
  )
}

/** The rules that the project's runs have pinned for these series; none for one that the run does not have. */
export async function loadSeriesRules(
  client: Queryable,
  projectId: string,
  keys: readonly RunSeriesKey[],
): Promise<(RunSeriesKey & SeriesRules)[]> {
  return queryRows<RunSeriesKey & SeriesRules>(
    client,
    `SELECT r.run_id AS "runId", r.name, r.source, r.evaluator_version_id AS "evaluatorVersionId",
       r.data_type AS "dataType", r.direction, r.lowest AS min, r.highest AS max, r.categories,
       r.failure_policy AS "failurePolicy"
     FROM unnest($1::uuid[], $2::text[], $3::"ScoreSource"[]) AS key (run_id, name, source)
     JOIN run_score_summary r USING (run_id, name, source)
     JOIN run ON run.id = r.run_id
     WHERE run.project_id = $4`,
    [keys.map(({ runId }) => runId), keys.map(({ name }) => name), keys.map(({ source }) => source), projectId],
  )
}

/** The configured rules of these scores of a project, by name. */
export async function loadScoreConfigs(
  client: Queryable,
  projectId: string,
  names: readonly string[],
): Promise<Map<string, ScoreRules>> {
  const rows = await queryRows<ScoreRules & { name: string }>(
    client,
    `SELECT name, data_type AS "dataType", direction, min, max, categories, failure_policy AS "failurePolicy"
     FROM score_config WHERE project_id = $1 AND name = ANY ($2::text[])`,
    [projectId, names],
  )
  return new Map(rows.map(({ name, ...rules }) => [name, rules]))
}

const replaceSql = writeSummariesSql('REPLACE', '"runId"', { summaries: '$1', labels: '$2' })

/** Replaces the tallies of series, each once, and changes the counts of labels. */
export async function writeSummaries(
  client: Queryable,
  summaries: readonly (SummaryChange & { runId: string })[],
  labels: readonly (LabelChange & { runId: string })[],
): Promise<void> {
  await client.query(`WITH summary AS (${replaceSql.summaries}) ${replaceSql.labels}`, [
    summariesJson(summaries),
    JSON.stringify(labels),
  ])
}

/** Computes the moments and extremes of these series from their scores, of which all are read. */
export async function refreshMoments(client: Queryable, keys: readonly RunSeriesKey[]): Promise<void> {
  for (const { runId, name, source } of keys) {
    await client.query(
      `UPDATE run_score_summary SET items = f.items, sum = f.sum, m2 = f.m2, min = f.min, max = f.max
       FROM (
         SELECT count(*) AS items, COALESCE(sum(value), 0) AS sum, COALESCE(var_pop(value) * count(*), 0) AS m2,
           min(lowest), max(highest)
         FROM (${itemValuesSql('$1', '$2', '$3')}) item
       ) f
       WHERE run_id = $1 AND name = $2 AND source = $3`,
      [runId, name, source],
    )
  }
}

/** Removes series without any score, so that the next first score pins new rules. */
export async function deleteEmptySeries(client: Queryable, keys: readonly RunSeriesKey[]): Promise<void> {
  await client.query(
    `DELETE FROM run_score_summary r USING unnest($1::uuid[], $2::text[], $3::"ScoreSource"[]) AS key (run_id, name, source)
     WHERE r.run_id = key.run_id AND r.name = key.name AND r.source = key.source
       AND r.evaluator_version_id IS NULL AND r.score_count = 0 AND r.error_count = 0`,
    [keys.map(({ runId }) => runId), keys.map(({ name }) => name), keys.map(({ source }) => source)],
  )
}
