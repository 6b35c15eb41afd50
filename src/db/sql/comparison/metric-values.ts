/**
 * The values being compared, aligned: one row per metric and item with a column per run, `v1` for the baseline and
 * `v2`… for the candidates, repetitions averaged, null where a run has none. Every statement that compares reads them
 * through this file, so that all agree.
 *
 * - Scores are series (src/db/sql/score/series.ts). Categories and texts become a number that is equal for equal sets of
 *   labels. A failed execution without a score has the worst value where the rules of the series say so.
 * - Latency covers successful calls; cost covers all calls with a known cost, without responses from the cache; failed is
 *   the share of executed repetitions that failed.
 *
 * One grouping aligns all runs; joining grouped values run by run took three times as long. The runs are selected by `=
 * ANY ($1)` and not by a join, and the statements are not prepared under a name: the planner then knows how many rows
 * they have, where with `unnest($1)` it read the tables of all runs.
 */
import type { ScoreSource } from '../../../domain/evaluation.ts'
import type { LackingRule } from '../../../domain/lacking-values.ts'
import { type SeriesKey, sourcesByPreference } from '../../../domain/score-series.ts'
import { executionsOfItems, itemPlaces } from '../run-item/item-places.ts'
import { executionScores } from '../score/series.ts'

/** Which values a metric has: those of a series, as numbers or as labels, or what was measured. */
export type MetricValues = ({ kind: 'SCORE' | 'LABEL' } & SeriesKey) | { kind: 'LATENCY' | 'COST' | 'FAILED' }

/** Adds a value to the parameters of a statement. @returns its place */
type Parameter = (value: unknown) => string

/** The columns `v1, v2 …` for this many runs, each built by `column`. */
export function perRun(runs: number, column: (run: number) => string): string {
  return Array.from({ length: runs }, (_, index) => column(index + 1)).join(', ')
}

/**
 * A select of `item_id, v1, v2 …` for one metric. `$1` contains the run ids.
 * @param rules of the series: what a failed execution counts as
 * @param itemIds the only items that are wanted, which are looked up; default: all
 */
export function valuesOfMetric(
  metric: MetricValues,
  parameter: Parameter,
  runs: number,
  rules: readonly LackingRule[] = [],
  itemIds?: readonly string[],
): string {
  const read = itemIds ? listedExecutions(parameter(itemIds)) : everyExecution
  if (!('name' in metric)) {
    const value = measure[metric.kind]
    return `SELECT i.item_id, ${perRun(runs, (run) => `avg(${value}) ${ofRun('i', run)} AS v${run}`)}
      FROM ${read.items} i WHERE i.run_id = ANY ($1::uuid[]) GROUP BY i.item_id`
  }
  const { kind, name, source } = metric
  if (kind === 'LABEL') {
    const labels = executionScores('label', source, parameter([name]), read.scores)
    const number = (run: number) =>
      `hashtext((array_agg(DISTINCT s.label) ${ofRun('s', run)})::text)::float8 AS v${run}`
    return `SELECT i.item_id, ${perRun(runs, number)}
      FROM ${labels} ${read.withItem} WHERE i.run_id = ANY ($1::uuid[]) GROUP BY i.item_id`
  }
  const counted = rules.filter((rule) => rule.value !== null && rule.name === name && rule.source === source)
  const scores = counted.length > 0 ? executionValues(source, [name], counted, parameter, read) : null
  return `SELECT i.item_id, ${perRun(runs, (run) => `avg(s.value) ${ofRun('s', run)} AS v${run}`)}
    FROM ${scores ?? executionScores('value', source, parameter([name]), read.scores)} ${read.withItem}
    WHERE i.run_id = ANY ($1::uuid[]) GROUP BY i.item_id ${scores ? 'HAVING bool_or(s.known)' : ''}`
}

/** Which executions the values are of, in the runs `$1`. */
interface Executions {
  /** A FROM item with the columns of `run_item`. */
  items: string
  /** A FROM item with the columns of `score`. */
  scores: string
  /** Joins the execution `i` of a score `s`. */
  withItem: string
  /** Ends a subquery about one execution. */
  ofOne: string
}

const everyExecution: Executions = {
  items: 'run_item',
  scores: 'score',
  withItem: 'JOIN run_item i USING (run_id, ordinal)',
  ofOne: '',
}

/** They are looked up one by one, however many the planner expects. @param itemIds a parameter */
function listedExecutions(itemIds: string): Executions {
  const ofOne = 'OFFSET 0'
  const of = (table: string, name: string) =>
    `SELECT * FROM ${table} WHERE run_id = ${name}.run_id AND ordinal = ${name}.ordinal ${ofOne}`
  return {
    items: `(SELECT x.* FROM ${executionsOfItems('x', '$1', itemIds)})`,
    scores: `(SELECT x.* FROM ${itemPlaces('$1', itemIds)} CROSS JOIN LATERAL (${of('score', 'p')}) x)`,
    withItem: `CROSS JOIN LATERAL (${of('run_item', 's')}) i`,
    ofOne,
  }
}

/** The series of a source, and the number of the first: they are numbered from 1, those of one source together. */
export interface NumberedSeries {
  source: ScoreSource
  names: string[]
  from: number
}

export function numberSeries(series: readonly SeriesKey[]): NumberedSeries[] {
  let from = 1
  return sourcesByPreference.flatMap((source) => {
    const names = series.filter((one) => one.source === source).map(({ name }) => name)
    if (names.length === 0) return []
    const numbered = { source, names, from }
    from += names.length
    return [numbered]
  })
}

/**
 * A FROM item `s (run_id, ordinal, name, value, lowest, highest, known)`: the executions that have a score in these series,
 * and those that lack one because they or their evaluators failed.
 */
export function executionValues(
  source: ScoreSource,
  names: readonly string[],
  rules: readonly LackingRule[],
  parameter: Parameter,
  read = everyExecution,
): string {
  const scores = executionScores('value', source, parameter(names), read.scores)
  const list = (column: string, values: readonly unknown[]) => `${parameter(values)}::${column}[]`
  const rule = `unnest(${[
    list(
      'uuid',
      rules.map(({ runId }) => runId),
    ),
    list(
      'text',
      rules.map(({ name }) => name),
    ),
    list(
      'float8',
      rules.map(({ value }) => value),
    ),
    list(
      'float8',
      rules.map(({ lowest }) => lowest ?? 0),
    ),
    list(
      'float8',
      rules.map(({ highest }) => highest ?? 1),
    ),
    list(
      'bool',
      rules.map(({ applies }) => applies),
    ),
  ].join(', ')}) AS r (run_id, name, value, lowest, highest, applies)`
  const given = `score x WHERE x.run_id = i.run_id AND x.ordinal = i.ordinal AND x.name = r.name AND x.source = '${source}'`
  return `(SELECT run_id, ordinal, name, value, value AS lowest, value AS highest, true AS known FROM ${scores}
    UNION ALL
    SELECT i.run_id, i.ordinal, r.name, r.value, COALESCE(r.value, r.lowest), COALESCE(r.value, r.highest), r.applies
    FROM ${rule} JOIN ${read.items} i ON i.run_id = r.run_id AND i.status = 'FAILED'
    WHERE i.run_id = ANY ($1::uuid[]) AND NOT EXISTS (SELECT FROM ${given} ${read.ofOne})
    UNION ALL
    SELECT DISTINCT i.run_id, i.ordinal, r.name, NULL::float8, r.lowest, r.highest, true
    FROM ${rule} JOIN ${read.scores} i ON i.run_id = r.run_id AND i.name = r.name AND i.source = '${source}'
    WHERE i.run_id = ANY ($1::uuid[]) AND i.ordinal IS NOT NULL AND i.error IS NOT NULL
      AND NOT EXISTS (SELECT FROM ${given} AND x.value IS NOT NULL ${read.ofOne})) s`
}

function ofRun(table: string, run: number): string {
  return `FILTER (WHERE ${table}.run_id = ($1::uuid[])[${run}])`
}

const executed = "i.status IN ('SUCCEEDED', 'FAILED')"

const measure = {
  LATENCY: `CASE WHEN i.status = 'SUCCEEDED' THEN i.latency_ms END`,
  COST: `CASE WHEN ${executed} AND NOT i.cached THEN i.cost_usd END`,
  FAILED: `CASE WHEN ${executed} THEN (i.status = 'FAILED')::int::float8 END`,
}

/**
 * candidate − baseline, exactly 0 for an unchanged pair: same rule as `change` in
 * src/domain/statistics/paired-moments.ts, in halves where the difference would be too large for a number.
 */
export function differenceOf(baseline: string, candidate: string): string {
  const halves = `${candidate} / 2 - ${baseline} / 2`
  const largest = `greatest(abs(${baseline}), abs(${candidate}))`
  return `CASE WHEN abs(${halves}) <= 0.5e-12 * ${largest} THEN 0
    WHEN abs(${halves}) > 8e307 THEN sign(${halves}) * 1.7e308 ELSE ${candidate} - ${baseline} END`
}
