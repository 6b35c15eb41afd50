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
}

/** Differences below this share of the larger value are rounding noise from averaging repetitions. */
export const unchangedTolerance = 1e-12

/** Squares and sums of values up to this stay finite. */
const maxMagnitude = 1e100

/**
 * candidate − baseline, exactly 0 when the pair is unchanged:
 * |candidate − baseline| ≤ 1e-12 · max(|baseline|, |candidate|).
 *
 * @throws RangeError when a value is not a finite number within ±1e100.
 */
export function difference({ baseline, candidate }: Pair): number {
  for (const [arm, value] of [
    ['baseline', baseline],
    ['candidate', candidate],
  ] as const) {
    if (!(Math.abs(value) <= maxMagnitude)) {
      throw new RangeError(
        `Expected the ${arm} value of a pair to be within ±1e100, got ${value}; count it as missing instead.`,
      )
    }
  }
  return change(baseline, candidate)
}

/** `difference` of values that are known to be within the limits. */
export function change(baseline: number, candidate: number): number {
  const by = candidate - baseline
  return Math.abs(by) <= unchangedTolerance * Math.max(Math.abs(baseline), Math.abs(candidate)) ? 0 : by
}
