import type { Direction } from '../evaluation.ts'
import type { Interval } from './interval.ts'

/** What a comparison says about a candidate by one metric. */
export type Verdict = 'IMPROVED' | 'REGRESSED' | 'EQUIVALENT' | 'NOT_WORSE' | 'INCONCLUSIVE'

/** What was shown. */
export interface Shown {
  better: boolean
  worse: boolean
  /** Worse by no more than the margin, better by no more than the margin. */
  notWorse: boolean
  notBetter: boolean
}

/** A loss within the margin is acceptable, so that NOT_WORSE goes before REGRESSED. */
export function conclude({ better, worse, notWorse, notBetter }: Shown): Verdict {
  if (better) return 'IMPROVED'
  if (notWorse) return notBetter ? 'EQUIVALENT' : 'NOT_WORSE'
  return worse ? 'REGRESSED' : 'INCONCLUSIVE'
}

/** Oriented so that more is better. */
export function oriented({ low, high }: Interval, direction: Direction): Interval {
  return direction === 'LOWER_IS_BETTER' ? { low: 0 - high, high: 0 - low } : { low, high }
}

/** Sums of decimals are not exact. */
const tolerance = 1e-12

/**
 * The verdict on exactly these items, whose mean difference is in the interval for certain: better and worse are more
 * than the margin.
 */
export function concludeOnItems(certain: Interval | null, direction: Direction, margin: number): Verdict {
  if (certain === null || direction === 'NONE') return 'INCONCLUSIVE'
  const { low, high } = oriented(certain, direction)
  const close = tolerance * Math.max(1, margin)
  return conclude({
    better: low > margin + close,
    worse: high < -margin - close,
    notWorse: low >= -margin - close && (margin > 0 || low === high),
    notBetter: high <= margin + close,
  })
}
