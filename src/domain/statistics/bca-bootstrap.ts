import type { Interval } from './interval.ts'
import { normalCdf, normalQuantile, z95 } from './normal.ts'
import { seededRandom } from './seeded-random.ts'

/** 2,000 drawn resamples, each used twice (see below). */
const draws = 2_000
const defaultSeed = 20_240_229

/**
 * The BCa bootstrap interval (95 %) for the mean: resample the differences with replacement, and read the interval off
 * the resampled means at percentiles corrected for bias z₀ and acceleration a:
 * Φ(z₀ + (z₀ ± z) / (1 − a (z₀ ± z))), a = Σ(xᵢ − x̄)³ / (6 (Σ(xᵢ − x̄)²)^1.5).
 * Efron, "Better bootstrap confidence intervals", JASA 82 (1987); Efron & Tibshirani (1993), chapter 14.
 *
 * Deterministic, independent of the order of the values, and mirrored exactly when every value is negated: the values
 * are sorted, and every draw of ranks i₁…iₙ is used together with its mirror image n−1−i₁…n−1−iₙ.
 *
 * @param values at least two, not all equal
 */
export function bcaInterval(values: readonly number[], seed = defaultSeed): Interval {
  const n = values.length
  const mean = values.reduce((sum, x) => sum + x, 0) / n
  let squares = 0
  let cubes = 0
  for (const x of values) {
    squares += (x - mean) ** 2
    cubes += (x - mean) ** 3
  }
  if (!(squares > 0)) throw new RangeError('Expected at least two different values, got values without any spread.')
  const acceleration = cubes / (6 * squares ** 1.5)
  const means = resampledMeans(values, seed)
  const bias = biasCorrection(means, mean, Math.sqrt(squares) / n)
  const corrected = (z: number) => bias + (bias + z) / (1 - acceleration * (bias + z))
  return { low: valueAt(means, corrected(-z95)), high: valueAt(means, corrected(z95)) }
}

function resampledMeans(values: readonly number[], seed: number): Float64Array {
  const random = seededRandom(seed)
  const sorted = Float64Array.from(values).sort()
  const n = sorted.length
  const means = new Float64Array(2 * draws)
  for (let draw = 0; draw < draws; draw++) {
    let sum = 0
    let mirrored = 0
    for (let i = 0; i < n; i++) {
      const rank = Math.floor(random() * n)
      sum += sorted[rank] as number
      mirrored += sorted[n - 1 - rank] as number
    }
    means[2 * draw] = sum / n
    means[2 * draw + 1] = mirrored / n
  }
  return means.sort()
}

/** z₀ = Φ⁻¹(share of resampled means below the observed one), ties counted half, kept inside (0, 1). */
function biasCorrection(means: Float64Array, observed: number, standardError: number): number {
  const sameUpTo = 1e-9 * standardError
  let below = 0
  let above = 0
  for (const mean of means) {
    if (mean < observed - sameUpTo) below++
    else if (mean > observed + sameUpTo) above++
  }
  const ties = means.length - below - above
  const share = (side: number) => Math.max(side + ties / 2, 0.5) / means.length
  if (below === above) return 0
  return below < above ? normalQuantile(share(below)) : -normalQuantile(share(above))
}

/**
 * The value at percentile Φ(z), interpolated; counted from the nearer end so that mirrored data give mirrored results.
 */
function valueAt(sorted: Float64Array, z: number): number {
  const last = sorted.length - 1
  const at = (k: number) => sorted[z < 0 ? k : last - k] as number
  const position = last * normalCdf(-Math.abs(z))
  const k = Math.floor(position)
  return at(k) + (at(Math.min(k + 1, last)) - at(k)) * (position - k)
}
