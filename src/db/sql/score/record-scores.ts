import type { Evaluation, ScoreRules } from '../../../domain/evaluation.ts'
import type { ItemError } from '../../../domain/execution/task.ts'
import type { Json } from '../../../domain/json/json.ts'
import type { LatencyBucket } from '../../../domain/statistics/latency-histogram.ts'
import { jsonArray, numberArray, wordArray } from '../../array-literals.ts'
import type { Queryable } from '../../client.ts'
import { type LabelChange, type SummaryChange, summariesJson, writeSummariesSql } from './summary-columns.ts'

/** A score of an item from an evaluator, or the evaluator's error. */
export interface RecordedScore extends Evaluation {
  ordinal: number
  evaluatorVersionId: string
  error: ItemError | null
  /** Of the evaluator. */
  rules: ScoreRules
  /** Whether its name is the evaluator's: the run has pinned its rules then. */
  isPinned: boolean
}

/** Names and evaluators are given once, and the scores say by their number which they have. */
const scoresSql = `INSERT INTO score (run_id, ordinal, name, data_type, value, label, comment, metadata, cost_usd, source,
    evaluator_version_id, error)
  SELECT $1, ordinal, $10::jsonb ->> (series - 1), ($11::"ScoreDataType"[])[series], value, label, comment,
    NULLIF(metadata, 'null'), cost_usd, 'EVALUATOR', ($12::uuid[])[series], NULLIF(error, 'null')
  FROM ROWS FROM (
    unnest($2::int[]), unnest($3::int[]), unnest($4::float8[]), json_array_elements_text($5::json),
    json_array_elements_text($6::json), jsonb_array_elements($7::jsonb), unnest($8::float8[]), jsonb_array_elements($9::jsonb)
  ) AS s (ordinal, series, value, label, comment, metadata, cost_usd, error)`

const latenciesSql = `INSERT INTO run_latency_bucket AS old (run_id, bucket, count)
  SELECT $1, bucket, count FROM json_to_recordset($15::json) AS d (bucket int, count int)
  ON CONFLICT (run_id, bucket) DO UPDATE SET count = old.count + excluded.count`

function recordSql(mode: 'ADD' | 'REPLACE'): string {
  const { summaries, labels } = writeSummariesSql(mode, '$1', { summaries: '$13', labels: '$14' })
  return `WITH score_rows AS (${scoresSql}), summary AS (${summaries}), label AS (${labels}) ${latenciesSql}`
}

const texts = { ADD: recordSql('ADD'), REPLACE: recordSql('REPLACE') }

/** Adds scores without their summaries. */
export async function insertEvaluatorScores(
  client: Queryable,
  runId: string,
  scores: readonly RecordedScore[],
): Promise<void> {
  await client.query({ name: 'insert-evaluator-scores', text: scoresSql, values: [runId, ...scoreLists(scores)] })
}

function scoreLists(scores: readonly RecordedScore[]): (string | null)[] {
  const numbers = new Map<string, number>()
  const series: RecordedScore[] = []
  const numberOf = (score: RecordedScore) => {
    const key = `${score.evaluatorVersionId} ${score.dataType} ${score.name}`
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, series.push(score))
    return series.length
  }
  return [
    numberArray(scores.map((score) => score.ordinal)),
    numberArray(scores.map(numberOf)),
    numberArray(scores.map((score) => score.value)),
    jsonArray(scores.map((score) => score.label)),
    jsonArray(scores.map((score) => score.comment)),
    jsonArray(scores.map((score) => score.metadata)),
    numberArray(scores.map((score) => score.costUsd)),
    jsonArray(scores.map((score) => score.error as Json)),
    jsonArray(series.map((score) => score.name)),
    wordArray(series.map((score) => score.dataType)),
    wordArray(series.map((score) => score.evaluatorVersionId)),
  ]
}

/**
 * Adds scores, their summaries and the latencies of a batch in one statement. Rows are added in key order: two runs never
 * wait for each other, and a run has one writer at a time.
 * @param batch.mode whether the tallies are added to those of the series, or replace them
 */
export async function recordScores(
  client: Queryable,
  runId: string,
  batch: {
    scores: readonly RecordedScore[]
    mode: 'ADD' | 'REPLACE'
    summaries: readonly SummaryChange[]
    labels: readonly LabelChange[]
    latencies: readonly LatencyBucket[]
  },
): Promise<void> {
  await client.query({
    name: `record-scores-${batch.mode}`,
    text: texts[batch.mode],
    values: [
      runId,
      ...scoreLists(batch.scores),
      summariesJson(batch.summaries),
      JSON.stringify(batch.labels),
      JSON.stringify(batch.latencies),
    ],
  })
}
