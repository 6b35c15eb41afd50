/** The mean of a score over the items of one run, with its interval, as gates ask for it. */
import type { ReadableDatabase } from '../../db/client.ts'
import type { Run, RunScoreSummary } from '../../db/generated/prisma/client.ts'
import { loadClusters } from '../../db/sql/comparison/load-clusters.ts'
import { loadComparisonDefaults } from '../../db/sql/comparison/load-defaults.ts'
import type { ScoreOfSubject } from '../../domain/check-gate.ts'
import type { CountedAs } from '../../domain/counted-as.ts'
import type { Metric } from '../../domain/metric.ts'
import { clusterMoments } from '../../domain/statistics/clusters.ts'
import { meanInterval } from '../../domain/statistics/mean-interval.ts'
import { stableMoments } from '../../domain/statistics/stable-moments.ts'
import { findMetric, metricsOf, withMargins } from './compared-metrics.ts'
import { countedMetric, countedValues } from './counted-scores.ts'
import { loadRunLabels } from './run-labels.ts'
import { isExecuted, loadRunExecutions, loadRunScores, numberClusters, valuesOfItems } from './run-values.ts'

/**
 * Failed executions count as the score says. Reads all items.
 * @returns null for a score that the run does not have; counts are those of items
 * @throws {InvalidInputError} a score that cannot be counted so
 */
export async function runMean(
  db: ReadableDatabase,
  run: Run,
  summaries: readonly RunScoreSummary[],
  wanted: Metric,
  countedAs: CountedAs | null,
): Promise<ScoreOfSubject | null> {
  const score = findMetric(withMargins(metricsOf([run], summaries, new Map()), 0, []), wanted)
  if (score?.metric.kind !== 'SCORE') return null
  const metric = countedAs ? countedMetric(score, [run], countedAs, []) : score
  const series = [score.metric]
  const [executions, scores, labels, { clusterPath }] = await Promise.all([
    loadRunExecutions(db.pool, run),
    loadRunScores(db.pool, run.id, countedAs?.success ? [] : series),
    countedAs?.success ? loadRunLabels(db.pool, run.id, series) : null,
    loadComparisonDefaults(db.pool, [run.id]),
  ])
  const values = { ...executions, ...scores }
  const { value, known } = countedAs ? countedValues(values, metric, labels) : valuesOfItems(values, metric)
  const isGiven = (item: number) => known[item] === 1 && !Number.isNaN(value[item])
  const isNeeded = (item: number) =>
    score.metric.kind === 'SCORE' && score.metric.source !== 'EVALUATOR' ? isExecuted(values, item) : known[item] === 1
  const all = [...values.itemIds.keys()]
  const items = all.filter(isGiven)
  const own = Float64Array.from(items, (item) => value[item] as number)
  const { mean, stddev } = stableMoments(own)
  const { datasetId, datasetVersion: version } = run
  const belongTo =
    clusterPath.length > 0 ? await loadClusters(db.pool, { datasetId, version, path: clusterPath }) : null
  const ids = items.map((item) => values.itemIds[item] as number)
  const [rule] = score.lackingRules
  return {
    mean: items.length === 0 ? null : mean,
    interval: meanInterval({
      ...{ items: items.length, mean, stddev },
      binary: own.every((one) => one === 0 || one === 1),
      lowest: countedAs ? 0 : (rule?.lowest ?? null),
      highest: countedAs ? 1 : (rule?.highest ?? null),
      clusters: belongTo && clusterMoments(own, numberClusters(ids, belongTo)),
    }),
    count: items.length,
    failures: 0,
    needed: all.filter(isNeeded).length,
  }
}
