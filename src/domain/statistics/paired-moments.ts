import type { ClusterMoments } from './clusters.ts'

/** One item measured in both runs. With repetitions, each side is the mean of the repetitions. */
export interface Pair {
  readonly baseline: number
  readonly candidate: number
}

/**
 * Everything the fixed-n comparison needs about the pairs of one metric, so that a database can compute it in one pass:
 * differences are candidate − baseline, and unchanged pairs count as exactly 0.
 */
export interface PairedMoments {
  /** Number of pairs; the other figures are 0 when it is 0. */
  readonly count: number
  readonly baselineMean: number
  readonly candidateMean: number
  /** Mean difference. */
  readonly delta: number
  /** Sample standard deviation of the differences (divisor n − 1); 0 for fewer than two pairs. */
  readonly stddev: number
  /** Σ(d − δ)³/n ÷ (Σ(d − δ)²/n)^1.5; 0 when there is no spread. */
  readonly skewness: number
  /** Pairs whose value went up, and down. The rest is unchanged. */
  readonly increased: number
  readonly decreased: number
  /** Every value on both arms is exactly 0 or 1. */
  readonly binary: boolean
  /** Of items that belong together; null, or absent: they are independent. */
  readonly clusters?: ClusterMoments | null
}

/** Differences below this share of the larger value are rounding noise from averaging repetitions. */
export const unchangedTolerance = 1e-12

/**
 * candidate − baseline, exactly 0 when the pair is unchanged:
 * |candidate − baseline| ≤ 1e-12 · max(|baseline|, |candidate|). The largest number where it is even larger.
 */
export function change(baseline: number, candidate: number): number {
  const by = candidate - baseline
  if (Math.abs(by) <= unchangedTolerance * Math.max(Math.abs(baseline), Math.abs(candidate))) return 0
  return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, by))
}
