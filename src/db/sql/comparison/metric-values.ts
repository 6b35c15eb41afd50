/**
 * The values being compared, aligned: one row per metric and item with a column per run, `v1` for the baseline and
 * `v2`… for the candidates, repetitions averaged, null where a run has none. Every statement that compares reads them
 * through this file, so that all agree.
 *
 * - Scores are series (src/db/sql/score/series.ts). Categories and texts become a number that is equal for equal sets of
 *   labels.
 * - Latency covers successful calls; cost covers all calls with a known cost, without responses from the cache.
 *
 * One grouping aligns all runs; joining grouped values run by run took three times as long. The runs are selected by `=
 * ANY ($1)` and not by a join, and the statements are not prepared under a name: the planner then knows how many rows
 * they have, where with `unnest($1)` it read the tables of all runs.
 */
import type { ScoreSource } from '../../../domain/evaluation.ts'
import { type SeriesKey, sourcesByPreference } from '../../../domain/score-series.ts'
import { executionScores } from '../score/series.ts'

/** Which values a metric has: those of a series, as numbers or as labels, or what was measured. */
export type MetricValues = ({ kind: 'SCORE' | 'LABEL' } & SeriesKey) | { kind: 'LATENCY' | 'COST' }

/** The columns `v1, v2 …` for this many runs, each built by `column`. */
export function perRun(runs: number, column: (run: number) => string): string {
  return Array.from({ length: runs }, (_, index) => column(index + 1)).join(', ')
}

/**
 * A select of `item_id, v1, v2 …` for one metric. `$1` contains the run ids.
 * @param parameter adds the name of a score, as a list, to the parameters
 */
export function valuesOfMetric(metric: MetricValues, parameter: (names: string[]) => string, runs: number): string {
  if (!('name' in metric)) {
    const value = measure[metric.kind]
    return `SELECT i.item_id, ${perRun(runs, (run) => `avg(${value}) ${ofRun('i', run)} AS v${run}`)}
      FROM run_item i WHERE i.run_id = ANY ($1::uuid[]) GROUP BY i.item_id`
  }
  const { kind, name, source } = metric
  const scores = executionScores(kind === 'SCORE' ? 'value' : 'label', source, parameter([name]))
  const value = kind === 'SCORE' ? 'avg(s.value)' : 'array_agg(DISTINCT s.label)'
  const number = (aggregate: string) => (kind === 'SCORE' ? aggregate : `hashtext(${aggregate}::text)::float8`)
  return `SELECT i.item_id, ${perRun(runs, (run) => `${number(`${value} ${ofRun('s', run)}`)} AS v${run}`)}
    FROM ${scores} JOIN run_item i USING (run_id, ordinal) WHERE i.run_id = ANY ($1::uuid[]) GROUP BY i.item_id`
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

/** The number of a series. */
export function numberOf(numbered: readonly NumberedSeries[], { name, source }: SeriesKey): number | null {
  const found = numbered.find((one) => one.source === source)
  const index = found?.names.indexOf(name) ?? -1
  return found && index >= 0 ? found.from + index : null
}

/**
 * A select of `metric, item_id, v1, v2 …` for all numeric metrics: series by their numbers, latency as 0 and cost as −1.
 * @param parameter adds a list of names to the parameters
 */
export function valuesOfAllNumbers(
  runs: number,
  series: readonly NumberedSeries[],
  parameter: (names: string[]) => string,
): string {
  const ofSeries = series.map(({ source, names, from }) => {
    const list = parameter(names)
    return `SELECT array_position(${list}::text[], s.name) + ${from - 1} AS metric, i.item_id,
        ${perRun(runs, (run) => `avg(s.value) ${ofRun('s', run)} AS v${run}`)}
      FROM ${executionScores('value', source, list)} JOIN run_item i USING (run_id, ordinal)
      WHERE i.run_id = ANY ($1::uuid[]) GROUP BY 1, 2
    UNION ALL `
  })
  return `${ofSeries.join('')}
    SELECT m.metric, item_id, ${perRun(runs, (run) => `m.v${run}`)}
      FROM (SELECT i.item_id, ${perRun(runs, (run) => `avg(${measure.LATENCY}) ${ofRun('i', run)} AS l${run}`)},
                   ${perRun(runs, (run) => `avg(${measure.COST}) ${ofRun('i', run)} AS c${run}`)}
            FROM run_item i WHERE i.run_id = ANY ($1::uuid[]) GROUP BY i.item_id) item
      CROSS JOIN LATERAL (VALUES (0, ${perRun(runs, (run) => `l${run}`)}), (-1, ${perRun(runs, (run) => `c${run}`)}))
        AS m (metric, ${perRun(runs, (run) => `v${run}`)})`
}

function ofRun(table: string, run: number): string {
  return `FILTER (WHERE ${table}.run_id = ($1::uuid[])[${run}])`
}

const measure = {
  LATENCY: `CASE WHEN i.status = 'SUCCEEDED' THEN i.latency_ms END`,
  COST: `CASE WHEN i.status IN ('SUCCEEDED', 'FAILED') AND NOT i.cached THEN i.cost_usd END`,
}

/**
 * candidate − baseline, exactly 0 for an unchanged pair: same rule as `difference` in
 * src/domain/statistics/paired-moments.ts.
 */
export function differenceOf(baseline: string, candidate: string): string {
  return `CASE WHEN abs(${candidate} - ${baseline}) <= 1e-9 * greatest(abs(${baseline}), abs(${candidate})) THEN 0
    ELSE ${candidate} - ${baseline} END`
}
