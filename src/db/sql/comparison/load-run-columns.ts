/** What a run executed and scored, column by column and in no order, for what is computed over all of its items. */
import type { SeriesKey } from '../../../domain/score-series.ts'
import type { Queryable } from '../../client.ts'
import { integerColumn, integers, numberColumn, numbers, queryColumns } from '../../number-columns.ts'

/** One entry per execution, in any order. */
export interface ExecutionColumns {
  ordinals: Int32Array
  itemIds: Float64Array
  /** `executionStatus`. */
  statuses: Int32Array
  seqs: Int32Array
  /** Milliseconds; NaN where there is none. */
  latencies: Float64Array
  /** USD; NaN where it is not known. */
  costs: Float64Array
  /** 1: the response came from the cache. */
  cached: Int32Array
}

/** Open: queued, running or cancelled, or waiting for evaluations. */
export const executionStatus = { OPEN: 0, SUCCEEDED: 1, FAILED: 2 } as const

/**
 * Whether an execution waits for evaluations: it is not settled before they are over. As a list of all, of which there are
 * few, and not one look-up an item.
 * @param runs expressions of the runs
 */
export function hasOpenEvaluations(item: string, runs: readonly string[]): string {
  return `(${item}.run_id, ${item}.ordinal) IN (SELECT run_id, ordinal FROM open_evaluation
    WHERE run_id = ANY (ARRAY[${runs.join()}]::uuid[]) AND ordinal IS NOT NULL)`
}

export async function loadExecutionColumns(db: Queryable, runId: string): Promise<ExecutionColumns> {
  const [row] = await queryColumns<keyof ExecutionColumns>(
    db,
    `SELECT ${integerColumn('ordinal')} AS ordinals, ${numberColumn('item_id')} AS "itemIds", ${integerColumn('seq')} AS seqs,
       ${integerColumn(`CASE WHEN ${hasOpenEvaluations('run_item', ['$1'])} THEN 0 WHEN status = 'SUCCEEDED' THEN 1
         WHEN status = 'FAILED' THEN 2 ELSE 0 END`)} AS statuses,
       ${numberColumn('latency_ms')} AS latencies, ${numberColumn('cost_usd')} AS costs,
       ${integerColumn('cached::int')} AS cached
     FROM run_item WHERE run_id = $1`,
    [runId],
  )
  return {
    ordinals: integers(row?.ordinals),
    itemIds: numbers(row?.itemIds),
    statuses: integers(row?.statuses),
    seqs: integers(row?.seqs),
    latencies: numbers(row?.latencies),
    costs: numbers(row?.costs),
    cached: integers(row?.cached),
  }
}

/** Scores of executions, those of one execution in the order they were given. */
export interface ScoreColumns {
  ordinals: Int32Array
  /** Index in the series. */
  series: Int32Array
  /** NaN: its evaluator failed. */
  values: Float64Array
}

/** @param range ordinals; default: all */
export async function loadScoreColumns(
  db: Queryable,
  runId: string,
  series: readonly SeriesKey[],
  range: { first: number; last: number } | null = null,
): Promise<ScoreColumns> {
  if (series.length === 0) return { ordinals: integers(null), series: integers(null), values: numbers(null) }
  // One execution has one score of an evaluator, and the order of one number does not matter.
  const order = series.some(({ source }) => source !== 'EVALUATOR') ? 's.id' : null
  const [row] = await queryColumns<keyof ScoreColumns>(
    db,
    `SELECT ${integerColumn('s.ordinal', order)} AS ordinals, ${integerColumn('k.n::int - 1', order)} AS series,
            ${numberColumn('s.value', order)} AS values
     FROM score s JOIN unnest($2::text[], $3::"ScoreSource"[]) WITH ORDINALITY AS k (name, source, n) USING (name, source)
     WHERE s.run_id = $1 AND ${range ? 's.ordinal BETWEEN $4 AND $5' : 's.ordinal IS NOT NULL'}
       AND (s.value IS NOT NULL OR s.error IS NOT NULL)`,
    [
      ...[runId, series.map(({ name }) => name), series.map(({ source }) => source)],
      ...(range ? [range.first, range.last] : []),
    ],
  )
  return { ordinals: integers(row?.ordinals), series: integers(row?.series), values: numbers(row?.values) }
}
