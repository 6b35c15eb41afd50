/** One item measured on both arms. With repetitions, each side is the mean over the item's repetitions. */
export interface Pair {
  readonly baseline: number
  readonly candidate: number
}

/**
 * Everything the fixed-n comparison needs to know about the pairs of one metric, so that a database can compute it in one
 * pass: every figure of a difference is about candidate − baseline, with unchanged pairs counted as a difference of exactly 0.
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

/** Differences below this share of the larger value are rounding noise of averaging repetitions, not a change. */
export const UNCHANGED_RELATIVE = 1e-9

/** Squares and sums of values up to here stay finite. */
const LARGEST = 1e100

/**
 * candidate − baseline, exactly 0 when the pair is unchanged: |candidate − baseline| ≤ 1e-9 · max(|baseline|, |candidate|).
 *
 * @throws RangeError when a value is not a finite number within ±1e100.
 */
export function difference({ baseline, candidate }: Pair): number {
  for (const [arm, value] of [
    ['baseline', baseline],
    ['candidate', candidate],
  ] as const) {
    if (!(Math.abs(value) <= LARGEST)) {
      throw new RangeError(
        `expected the ${arm} value of a pair to be a finite number within ±1e100, got ${value}; count it as missing instead`,
      )
    }
  }
  const change = candidate - baseline
  return Math.abs(change) <= UNCHANGED_RELATIVE * Math.max(Math.abs(baseline), Math.abs(candidate)) ? 0 : change
}

/** The moments of pairs held in memory, in two passes (no cancellation). Swapping the arms mirrors every figure exactly. */
export function measurePairs(pairs: readonly Pair[], differences = pairs.map(difference)): PairedMoments {
  const count = pairs.length
  let baselineSum = 0
  let candidateSum = 0
  let sum = 0
  let increased = 0
  let decreased = 0
  let binary = true
  pairs.forEach(({ baseline, candidate }, i) => {
    const d = differences[i] as number
    baselineSum += baseline
    candidateSum += candidate
    sum += d
    if (d > 0) increased++
    else if (d < 0) decreased++
    binary &&= (baseline === 0 || baseline === 1) && (candidate === 0 || candidate === 1)
  })
  if (count === 0) {
    return { count, baselineMean: 0, candidateMean: 0, delta: 0, stddev: 0, skewness: 0, increased, decreased, binary }
  }
  const delta = sum / count
  let squares = 0
  for (const d of differences) squares += (d - delta) ** 2
  const scale = Math.sqrt(squares / count)
  let cubes = 0
  if (scale > 0) for (const d of differences) cubes += ((d - delta) / scale) ** 3
  return {
    count,
    baselineMean: baselineSum / count,
    candidateMean: candidateSum / count,
    delta,
    stddev: count < 2 ? 0 : Math.sqrt(squares / (count - 1)),
    skewness: cubes / count,
    increased,
    decreased,
    binary,
  }
}
