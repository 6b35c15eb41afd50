/** The best of several runs: which may be, and by how much the one that looks best looks too good. */
import type { Direction } from '../evaluation.ts'
import { seededRandom } from './seeded-random.ts'
import { meanOf } from './stable-moments.ts'

/** Places from 1; with 95 % confidence every run is truly at one of its places, all of them together. */
export interface RankSet {
  from: number
  to: number
}

/**
 * A run comes after all that were shown to be better, and before all that were shown to be worse: by the test of their
 * paired differences at 5 %, shared by all pairs of runs (Bonferroni).
 * Mohamad, Goeman & van Zwet, "Simultaneous confidence intervals for ranks" (2019).
 *
 * @param compare two runs: how much more the first has, and the two-sided p value
 */
export function rankSets(
  runs: number,
  compare: (one: number, other: number) => { delta: number | null; pValue: number | null },
  direction: Direction,
): RankSet[] {
  const level = 0.05 / ((runs * (runs - 1)) / 2)
  const sets = Array.from({ length: runs }, () => ({ from: 1, to: runs }))
  for (let one = 0; one < runs; one++) {
    for (let other = one + 1; other < runs; other++) {
      const { delta, pValue } = compare(one, other)
      if (!delta || pValue === null || pValue > level) continue
      const [better, worse] = delta > 0 === (direction === 'HIGHER_IS_BETTER') ? [one, other] : [other, one]
      ;(sets[worse] as RankSet).from += 1
      ;(sets[better] as RankSet).to -= 1
    }
  }
  return sets
}

/** Additions at most: some tenths of a second. */
const work = 40_000_000
const mostSplits = 4_000
const fewestSplits = 100
const seed = 20_261_126

/**
 * How much better the best of several runs looks than it is, because it was chosen on the items that it is measured on:
 * chosen on a random half of them, and measured on the other half, what is left of its lead. With runs that are equally
 * good the mean over all choices of halves is free of bias; with runs that are not it is slightly too large.
 * Stone, "Cross-validatory choice", JRSS B 36 (1974).
 *
 * @param values of each run, oriented so that more is better, one per item that all have
 * @param clusters numbers from 0 of what the items belong to, which stay together; null: they are independent
 * @returns in the units of the values, 0 at least; null with fewer than two runs or four units
 */
export function optimismOfBest(values: readonly Float64Array[], clusters: Int32Array | null): number | null {
  const sums = values.map((own) => sumsByUnit(own, clusters))
  const sizes = unitSizes(values[0]?.length ?? 0, clusters)
  const units = sizes.length
  if (values.length < 2 || units < 4) return null
  const means = values.map(meanOf)
  const best = Math.max(...means)
  const splits = Math.max(fewestSplits, Math.min(mostSplits, Math.round(work / (units * values.length))))
  const random = seededRandom(seed)
  const order = Int32Array.from(sizes, (_, unit) => unit)
  let measured = 0
  for (let split = 0; split < splits; split++) {
    const half = units >> 1
    let items = 0
    const chosenOn = new Float64Array(values.length)
    for (let i = 0; i < half; i++) {
      const at = i + Math.floor(random() * (units - i))
      const unit = order[at] as number
      order[at] = order[i] as number
      order[i] = unit
      items += sizes[unit] as number
      for (let run = 0; run < sums.length; run++)
        chosenOn[run] = (chosenOn[run] as number) + (sums[run]?.[unit] as number)
    }
    measured += measuredOn(chosenOn, items, means, values[0]?.length as number)
  }
  return Math.max(0, best - measured / splits)
}

/** The mean over the other half of the runs that are best on this one, each as likely. */
function measuredOn(sums: Float64Array, items: number, means: readonly number[], all: number): number {
  const largest = sums.reduce((most, sum) => Math.max(most, sum), Number.NEGATIVE_INFINITY)
  let [count, total] = [0, 0]
  for (const [run, sum] of sums.entries()) {
    if (sum < largest) continue
    count += 1
    total += ((means[run] as number) * all - sum) / (all - items)
  }
  return total / count
}

function sumsByUnit(values: Float64Array, clusters: Int32Array | null): Float64Array {
  if (!clusters) return values
  const sums = new Float64Array(unitSizes(values.length, clusters).length)
  for (let i = 0; i < values.length; i++) {
    const unit = clusters[i] as number
    sums[unit] = (sums[unit] as number) + (values[i] as number)
  }
  return sums
}

function unitSizes(items: number, clusters: Int32Array | null): Float64Array {
  if (!clusters) return new Float64Array(items).fill(1)
  const sizes = new Float64Array(clusters.reduce((most, cluster) => Math.max(most, cluster + 1), 0))
  for (const cluster of clusters) sizes[cluster] = (sizes[cluster] as number) + 1
  return sizes
}
