/** Ratios of two metrics, such as the cost per success, of paired runs. */
import { clusterMoments } from './clusters.ts'
import type { Interval } from './interval.ts'
import { meanOf, stableMoments } from './stable-moments.ts'
import { studentQuantile, studentTwoSided } from './student-t.ts'

/** Of each paired item, repetitions averaged. */
export interface RatioPairs {
  /** Over … */
  readonly baselineTop: Float64Array
  readonly baselineBottom: Float64Array
  readonly candidateTop: Float64Array
  readonly candidateBottom: Float64Array
  /** Numbers from 0 of what the items belong to; null: they are independent. */
  readonly clusters: Int32Array | null
}

export interface RatioFigures {
  /** Sum over sum; null where the lower one is not positive. */
  baseline: number | null
  candidate: number | null
  /** Candidate / baseline; null unless both are positive. */
  relative: number | null
  /** 95 %, of `relative`; null with fewer than two pairs. */
  interval: Interval | null
  /** Two-sided, against "the ratios are equal". */
  pValue: number | null
}

/**
 * The ratio of sums in both runs, and how many times that of the baseline the candidate's is. On the logarithm every item
 * moves it by (t₁/T₁ − b₁/B₁) − (t₀/T₀ − b₀/B₀) (its values over their means, top and bottom, candidate and baseline): the
 * mean of those has a standard error, that of clusters where items belong together, and the interval is symmetric on the
 * logarithm. Linearisation (delta method): Cochran, Sampling Techniques (1977), 6.3; Fieller's interval has the same width
 * unless the lower sums are nearly 0.
 */
export function compareRatios(pairs: RatioPairs): RatioFigures {
  const [t0, b0, t1, b1] = [
    meanOf(pairs.baselineTop),
    meanOf(pairs.baselineBottom),
    meanOf(pairs.candidateTop),
    meanOf(pairs.candidateBottom),
  ]
  const baseline = b0 > 0 ? t0 / b0 : null
  const candidate = b1 > 0 ? t1 / b1 : null
  const none = { baseline, candidate, relative: null, interval: null, pValue: null }
  if (baseline === null || candidate === null || !(t0 > 0 && t1 > 0)) return none
  const relative = candidate / baseline
  const moves = pairs.baselineTop.map(
    (top, i) =>
      (pairs.candidateTop[i] as number) / t1 -
      (pairs.candidateBottom[i] as number) / b1 -
      (top / t0 - (pairs.baselineBottom[i] as number) / b0),
  )
  const { standardError, freedom } = errorOf(moves, pairs.clusters)
  if (freedom <= 0) return { ...none, relative }
  if (standardError === 0) return { ...none, relative, interval: { low: relative, high: relative } }
  const half = studentQuantile(0.975, freedom) * standardError
  return {
    ...{ baseline, candidate, relative },
    interval: { low: relative * Math.exp(-half), high: relative * Math.exp(half) },
    pValue: studentTwoSided((Math.log(candidate) - Math.log(baseline)) / standardError, freedom),
  }
}

function errorOf(values: Float64Array, clusters: Int32Array | null): { standardError: number; freedom: number } {
  if (!clusters) {
    return { standardError: stableMoments(values).stddev / Math.sqrt(values.length), freedom: values.length - 1 }
  }
  const { standardError, degreesOfFreedom } = clusterMoments(values, clusters)
  return { standardError, freedom: degreesOfFreedom }
}
