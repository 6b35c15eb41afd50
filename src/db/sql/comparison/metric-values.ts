/**
 * The values being compared, aligned: one row per metric and item with a column per run, `v1` for the baseline and
 * `v2`… for the candidates, repetitions averaged, null where a run has none. Every statement that compares reads them
 * through this file, so that all agree.
 *
 * - The value of a score is the mean of all scores with its name on the item (repetitions, several judges), without
 *   errors. Categories and texts become a number that is equal for equal sets of labels.
 * - Latency covers successful calls; cost covers all calls with a known cost.
 *
 * One grouping aligns all runs; joining grouped values run by run took three times as long. The runs are selected by `=
 * ANY ($1)` and not by a join, and the statements are not prepared under a name: the planner then knows how many rows
 * they have, where with `unnest($1)` it read the tables of all runs.
 */
/** Which values a metric has: those of a score by its name, as numbers or as labels, or what was measured. */
export type MetricValues = { kind: 'SCORE' | 'LABEL'; name: string } | { kind: 'LATENCY' | 'COST' }

/** The columns `v1, v2 …` for this many runs, each built by `column`. */
export function perRun(runs: number, column: (run: number) => string): string {
  return Array.from({ length: runs }, (_, index) => column(index + 1)).join(', ')
}

/**
 * A select of `item_id, v1, v2 …` for one metric. `$1` contains the run ids.
 * @param parameter adds the name of a score to the parameters
 */
export function valuesOfMetric(metric: MetricValues, parameter: (name: string) => string, runs: number): string {
  if (!('name' in metric)) {
    const value = measure[metric.kind]
    return `SELECT i.item_id, ${perRun(runs, (run) => `avg(${value}) ${ofRun('i', run)} AS v${run}`)}
      FROM run_item i WHERE i.run_id = ANY ($1::uuid[]) GROUP BY i.item_id`
  }
  const { kind, name } = metric
  const value = kind === 'SCORE' ? 'avg(s.value)' : 'array_agg(DISTINCT s.label)'
  const number = (aggregate: string) => (kind === 'SCORE' ? aggregate : `hashtext(${aggregate}::text)::float8`)
  return `SELECT i.item_id, ${perRun(runs, (run) => `${number(`${value} ${ofRun('s', run)}`)} AS v${run}`)}
    FROM score s JOIN run_item i USING (run_id, ordinal)
    WHERE s.run_id = ANY ($1::uuid[]) AND i.run_id = ANY ($1::uuid[]) AND s.name = ${parameter(name)}
      AND s.${kind === 'SCORE' ? 'value' : 'label'} IS NOT NULL
    GROUP BY i.item_id`
}

/**
 * A select of `metric, item_id, v1, v2 …` for all numeric metrics: scores by the index of their name in `$2`, latency
 * as 0 and cost as −1.
 */
export function valuesOfAllNumbers(runs: number): string {
  return `SELECT array_position($2::text[], s.name) AS metric, i.item_id,
        ${perRun(runs, (run) => `avg(s.value) ${ofRun('s', run)} AS v${run}`)}
      FROM score s JOIN run_item i USING (run_id, ordinal)
      WHERE s.run_id = ANY ($1::uuid[]) AND i.run_id = ANY ($1::uuid[]) AND s.value IS NOT NULL
        AND s.name = ANY ($2::text[])
      GROUP BY 1, 2
    UNION ALL
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
  COST: `CASE WHEN i.status IN ('SUCCEEDED', 'FAILED') THEN i.cost_usd END`,
}

/**
 * candidate − baseline, exactly 0 for an unchanged pair: same rule as `difference` in
 * src/domain/statistics/paired-moments.ts.
 */
export function differenceOf(baseline: string, candidate: string): string {
  return `CASE WHEN abs(${candidate} - ${baseline}) <= 1e-9 * greatest(abs(${baseline}), abs(${candidate})) THEN 0
    ELSE ${candidate} - ${baseline} END`
}
