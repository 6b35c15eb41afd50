/** Which of several runs may be the best by one metric, and by how much the one that looks best looks too good. */
import type { ReadableDatabase } from '../../db/client.ts'
import type { Run } from '../../db/generated/prisma/client.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import { optimismOfBest, type RankSet, rankSets } from '../../domain/statistics/best-of-several.ts'
import type { Interval } from '../../domain/statistics/interval.ts'
import { compareMoments } from '../../domain/statistics/paired-comparison.ts'
import { change } from '../../domain/statistics/paired-moments.ts'
import { simultaneousInterval } from '../../domain/statistics/simultaneous-interval.ts'
import { meanOf } from '../../domain/statistics/stable-moments.ts'
import type { ComparedMetric } from './compared-metrics.ts'
import { type ComparedValues, itemValuesOf, loadComparedValues } from './compared-values.ts'
import { type Comparison, isComplete, isScoredAlike } from './comparison.ts'
import { describeCompared } from './counted-scores.ts'
import { type PairedColumns, pairedMoments } from './metric-figures.ts'
import { numberClusters } from './run-values.ts'

export interface RankedRun {
  run: Run
  /** Over the items that have a value in all of the runs. */
  mean: number
  /** Null until all runs are complete. */
  ranks: RankSet | null
  /** `mean` − the baseline's; null for the baseline, and without one. */
  delta: number | null
  /** With 95 % confidence all of them are right; null as `delta`, and until all runs are complete. */
  interval: Interval | null
}

export interface Ranking {
  metric: ComparedMetric
  /** Items that have a value in all of the runs. */
  items: number
  /** The best mean first. */
  runs: RankedRun[]
  /**
   * By how much the first one looks better than it is, because it was chosen on these items; in the units of the metric.
   * Null until all runs are complete, and with fewer than two.
   */
  optimism: number | null
}

/**
 * Ranks all runs of a comparison. Items that are not alike in all of them are left out. Reads all items.
 * @throws {InvalidInputError} a metric without numbers or direction, or whose evaluators differ
 */
export async function rankRuns(
  db: ReadableDatabase,
  comparison: Comparison,
  metric: ComparedMetric,
  path: string[],
): Promise<Ranking> {
  if (metric.direction === 'NONE') {
    throw new InvalidInputError(
      `Expected a metric of which one value is better than another, got ${describeCompared(metric)}.`,
      path,
    )
  }
  const different = comparison.candidates.findIndex((_, index) => !isScoredAlike(metric, index))
  if (different >= 0 && !comparison.includesUnlike) {
    throw new InvalidInputError(
      `Expected scores of one evaluator, but those of "${comparison.candidates[different]?.name}" are of another one.`,
      path,
    )
  }
  const values = await loadComparedValues(db, comparison, [metric])
  const { columns, clusters } = commonColumns(values, metric)
  const { runs, baseline } = comparison
  const items = columns[0]?.length ?? 0
  if (items === 0) return { metric, items, runs: [], optimism: null }
  const complete = runs.every((run) => isComplete(run, run))
  const pairsOf = (one: number, other: number): PairedColumns => {
    const [own, others] = [columns[one], columns[other]] as [Float64Array, Float64Array]
    return { baseline: others, candidate: own, differences: own.map((value, i) => change(others[i] as number, value)) }
  }
  const compare = (one: number, other: number) => {
    const moments = pairedMoments(pairsOf(one, other), clusters)
    // The t test, or the exact ones of yes/no scores; no bootstrap, whose p value is that of the signs.
    return compareMoments({ ...moments, skewness: 0 }, metric.direction, {}, null, metric.range)
  }
  const ranks = complete && runs.length > 1 ? rankSets(runs.length, compare, metric.direction) : null
  const isHigher = metric.direction === 'HIGHER_IS_BETTER'
  const compared = runs.length - 1
  const ranked = runs.map((run, index): RankedRun => {
    const delta = baseline && index > 0 ? compare(index, 0) : null
    return {
      run,
      mean: meanOf(columns[index] as Float64Array),
      ranks: ranks?.[index] ?? null,
      delta: delta?.delta ?? null,
      interval:
        delta && complete ? simultaneousInterval(delta, pairedMoments(pairsOf(index, 0), clusters), compared) : null,
    }
  })
  const oriented = isHigher ? columns : columns.map((column) => column.map((value) => 0 - value))
  return {
    ...{ metric, items },
    runs: ranked.sort((a, b) => (isHigher ? b.mean - a.mean : a.mean - b.mean)),
    optimism: complete ? optimismOfBest(oriented, clusters) : null,
  }
}

/** The values of the items that all runs have alike, and what those belong to. */
function commonColumns(
  values: ComparedValues,
  metric: ComparedMetric,
): { columns: Float64Array[]; clusters: Int32Array | null } {
  const { runs, changed } = values
  const [first, ...others] = runs
  const found = runs.map((_, run) => itemValuesOf(values, run, metric))
  const rows: number[][] = []
  const ids: number[] = []
  const isAlike = (id: number) => changed.every((own) => !own.has(id))
  const order = first
    ? [...first.itemIds.keys()].sort((a, b) => (first.itemIds[a] as number) - (first.itemIds[b] as number))
    : []
  for (const position of order) {
    const id = first?.itemIds[position] as number
    const places = [position, ...others.map((run) => run.positions().get(id) ?? -1)]
    const row = places.map((place, run) => (place < 0 ? Number.NaN : (found[run]?.value[place] as number)))
    const isKnown = places.some((place, run) => place >= 0 && found[run]?.known[place] === 1)
    if (!isKnown || row.some(Number.isNaN) || !isAlike(id)) continue
    rows.push(row)
    ids.push(id)
  }
  return {
    columns: runs.map((_, run) => Float64Array.from(rows, (row) => row[run] as number)),
    clusters: values.clusters && numberClusters(ids, values.clusters),
  }
}
