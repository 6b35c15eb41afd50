/** The comparison of two runs over pairs in memory: a readable reference to check the SQL against. */
import type { Direction } from '../../src/domain/evaluation.ts'
import { compareMoments, type MetricFigures } from '../../src/domain/statistics/paired-comparison.ts'
import { change, type Pair, type PairedMoments } from '../../src/domain/statistics/paired-moments.ts'

function difference({ baseline, candidate }: Pair): number {
  return change(baseline, candidate)
}

/** @throws RangeError when `missing` is not a count. */
export function compareMetric(
  pairs: readonly Pair[],
  direction: Direction,
  missing = 0,
  range: number | null = null,
): MetricFigures {
  const differences = pairs.map(difference)
  return compareMoments(measurePairs(pairs, differences), direction, { missing }, differences, range)
}

/** The moments of pairs, in two passes (no cancellation). Swapping the arms mirrors every figure exactly. */
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
