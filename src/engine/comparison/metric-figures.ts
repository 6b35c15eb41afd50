/** The fixed-n figures of one metric, from the values of its items. */
import { clusterMoments } from '../../domain/statistics/clusters.ts'
import { compareMoments, type MetricFigures, needsDifferences } from '../../domain/statistics/paired-comparison.ts'
import { change, type PairedMoments } from '../../domain/statistics/paired-moments.ts'
import { meanOf, stableMoments } from '../../domain/statistics/stable-moments.ts'
import type { ComparedMetric } from './compared-metrics.ts'
import type { ItemValues } from './item-values.ts'
import type { AlignedItems } from './run-values.ts'

/** The pairs of a metric, in the order of the items' ids, whichever run is the baseline. */
export interface MetricPairs {
  /** Index in `AlignedItems` of each pair. */
  items: Int32Array
  baseline: Float64Array
  candidate: Float64Array
  differences: Float64Array
  /** Of what was executed, pairs and those that lack a value: the lowest and the highest possible difference. */
  lowest: Float64Array
  highest: Float64Array
  /** Index in `AlignedItems` of each of them. */
  executed: Int32Array
  /** Executed in both runs, but without a pair. */
  lacking: number
  /** Of them and of the pairs, those of which any execution lacks a value. */
  incomplete: number
  /** Every value, known or possible, is 0 or 1. */
  executedBinary: boolean
}

export function pairValues(before: ItemValues, after: ItemValues, aligned: AlignedItems): MetricPairs {
  const size = aligned.baseline.length
  const [items, executed] = [new Int32Array(size), new Int32Array(size)]
  const [baseline, candidate, differences] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)]
  const [lowest, highest] = [new Float64Array(size), new Float64Array(size)]
  let [pairs, all, incomplete] = [0, 0, 0]
  let executedBinary = true
  for (let index = 0; index < size; index++) {
    const [from, to] = [aligned.baseline[index] as number, aligned.candidate[index] as number]
    if (!(before.known[from] || after.known[to])) continue
    const [lowBefore, highBefore] = [before.lowest[from] as number, before.highest[from] as number]
    const [lowAfter, highAfter] = [after.lowest[to] as number, after.highest[to] as number]
    if (Number.isNaN(lowBefore) || Number.isNaN(lowAfter)) continue
    executed[all] = index
    lowest[all] = change(highBefore, lowAfter)
    highest[all] = change(lowBefore, highAfter)
    all += 1
    if (lowBefore !== highBefore || lowAfter !== highAfter) incomplete += 1
    executedBinary &&= isBinary(lowBefore) && isBinary(highBefore) && isBinary(lowAfter) && isBinary(highAfter)
    const [was, is] = [before.value[from] as number, after.value[to] as number]
    if (Number.isNaN(was) || Number.isNaN(is)) continue
    items[pairs] = index
    baseline[pairs] = was
    candidate[pairs] = is
    differences[pairs] = change(was, is)
    pairs += 1
  }
  return {
    items: items.subarray(0, pairs),
    baseline: baseline.subarray(0, pairs),
    candidate: candidate.subarray(0, pairs),
    differences: differences.subarray(0, pairs),
    lowest: lowest.subarray(0, all),
    highest: highest.subarray(0, all),
    executed: executed.subarray(0, all),
    lacking: all - pairs,
    incomplete,
    executedBinary,
  }
}

function isBinary(value: number): boolean {
  return value === 0 || value === 1
}

/**
 * @param isUnknown whether a value that is lacking may be anything
 * @param clusters numbers of what the aligned items belong to; null: they are independent
 */
export function figuresOf(
  { direction, range }: Pick<ComparedMetric, 'direction' | 'range'>,
  pairs: MetricPairs,
  items: number,
  isUnknown: boolean,
  clusters: Int32Array | null,
): MetricFigures {
  const numbersOf = (own: Int32Array) => clusters && own.map((index) => clusters[index] as number)
  const clustersOf = (differences: Float64Array, own: Int32Array) => {
    const numbers = numbersOf(own)
    return numbers && clusterMoments(differences, numbers)
  }
  const moments = pairedMoments(pairs, numbersOf(pairs.items))
  const extreme = (differences: Float64Array): PairedMoments => ({
    ...moments,
    ...momentsOf(differences),
    clusters: clustersOf(differences, pairs.executed),
    binary: pairs.executedBinary,
  })
  const missing = {
    missing: items - moments.count,
    lacking: pairs.lacking,
    extremes:
      pairs.incomplete === 0
        ? null
        : isUnknown
          ? ('UNBOUNDED' as const)
          : { lowest: extreme(pairs.lowest), highest: extreme(pairs.highest) },
  }
  const differences = needsDifferences(moments) ? [...pairs.differences] : null
  return compareMoments(moments, direction, missing, differences, range)
}

export type PairedColumns = Pick<MetricPairs, 'baseline' | 'candidate' | 'differences'>

/** @param clusters numbers from 0 of what the pairs belong to; null: they are independent */
export function pairedMoments(
  { baseline, candidate, differences }: PairedColumns,
  clusters: Int32Array | null,
): PairedMoments {
  const moments = momentsOf(differences)
  const isOneSided = (moments.increased === 0) !== (moments.decreased === 0)
  return {
    ...moments,
    baselineMean: meanOf(baseline),
    candidateMean: meanOf(candidate),
    // Computed only where it decides the method: few pairs that changed in one direction only.
    skewness: isOneSided ? skewness(differences, moments.delta) : 0,
    binary: baseline.every(isBinary) && candidate.every(isBinary),
    clusters: clusters && clusterMoments(differences, clusters),
  }
}

function momentsOf(
  differences: Float64Array,
): Pick<PairedMoments, 'count' | 'delta' | 'stddev' | 'increased' | 'decreased'> & { skewness: number } {
  let [increased, decreased] = [0, 0]
  for (const difference of differences) {
    if (difference > 0) increased += 1
    else if (difference < 0) decreased += 1
  }
  const { mean, stddev } = stableMoments(differences)
  return { count: differences.length, delta: mean, stddev, increased, decreased, skewness: 0 }
}

function skewness(differences: Float64Array, mean: number): number {
  const { stddev } = stableMoments(differences)
  if (stddev === 0) return 0
  const n = differences.length
  const scale = stddev * Math.sqrt((n - 1) / n)
  return differences.reduce((sum, d) => sum + ((d - mean) / scale) ** 3, 0) / n
}

/** The figures of runs that have not finished: what is valid for one look at the end is not there yet. */
export function unfinished(figures: MetricFigures): MetricFigures {
  const untested = { interval: null, pValue: null }
  return { ...figures, ...untested, method: null, bounds: null, robust: untested, clusters: null }
}

/** Labels are equal or not; there is nothing to average or to test. */
export function labelFigures(pairs: { count: number; equal: number } | undefined, items: number): MetricFigures {
  const count = pairs?.count ?? 0
  const untested = { interval: null, pValue: null }
  return {
    direction: 'NONE',
    baselineMean: null,
    candidateMean: null,
    delta: null,
    ...untested,
    method: null,
    pairs: count,
    improved: 0,
    regressed: 0,
    unchanged: pairs?.equal ?? 0,
    missing: items - count,
    lacking: 0,
    bounds: null,
    robust: untested,
    differenceStddev: null,
    clusters: null,
  }
}
