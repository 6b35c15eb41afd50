/** Pairs of yes and no of two equally good systems, of which the candidate fails on some items where it would be wrong. */

import { compareMoments } from '../../src/domain/statistics/paired-comparison.ts'
import type { Pair } from '../../src/domain/statistics/paired-moments.ts'
import { decideVerdicts } from '../../src/domain/statistics/verdict.ts'
import type { Random } from '../simulations/data.ts'
import { measurePairs } from './reference-statistics.ts'

export interface FailingPairs {
  n: number
  /** Share of all items on which the candidate fails, all of them among those where it would be wrong. */
  failing: number
  policy: 'MISSING' | 'WORST'
  margin?: number
  /** How much more often the candidate is right. */
  better?: number
}

/** An item's difficulty: most are clear, some are a coin toss. */
const solvedBy = (random: Random) => (random() < 0.5 ? 0.8 : random())

/** The verdict, and the true mean difference of all items of this kind. */
export function compareWithFailures(random: Random, { n, failing, policy, margin = 0, better = 0 }: FailingPairs) {
  const pairs: Pair[] = []
  const lacking: number[] = []
  for (let i = 0; i < n; i++) {
    const p = solvedBy(random)
    const [baseline, candidate] = [random.chance(p), random.chance(p + better)]
    // Of the wrong ones, 35 % of all, so many fail.
    const failed = candidate === 0 && random() < failing / 0.35
    if (failed && policy === 'MISSING') lacking.push(baseline)
    else pairs.push({ baseline, candidate })
  }
  const filled = (candidate: 0 | 1) => measurePairs([...pairs, ...lacking.map((baseline) => ({ baseline, candidate }))])
  const extremes = lacking.length === 0 ? null : { lowest: filled(0), highest: filled(1) }
  const missing = { missing: lacking.length, lacking: lacking.length, extremes }
  const figures = compareMoments(measurePairs(pairs), 'HIGHER_IS_BETTER', missing, null, 1)
  const [decision] = decideVerdicts([{ figures, margin }])
  return { verdict: decision?.verdict ?? 'INCONCLUSIVE', figures, truth: better }
}
