/**
 * A log-spaced histogram: quantiles of any number of latencies from a bounded number of counters, which can be added up
 * in any order. The representative of a bucket is within 1 % of every value in it (Masson, Rim, Lee: DDSketch, VLDB
 * 2019, section 2).
 */
const relativeError = 0.01
const gamma = (1 + relativeError) / (1 - relativeError)
const logGamma = Math.log(gamma)
/** Latencies below a microsecond share one bucket. */
const minMs = 0.001

export interface LatencyBucket {
  bucket: number
  count: number
}

/** A distribution of milliseconds; quantiles are within 1 %, everything else is exact. */
export interface Distribution {
  count: number
  avg: number
  min: number
  p50: number
  p90: number
  p95: number
  p99: number
  max: number
}

/** The bucket of a latency in milliseconds. @throws {RangeError} unless it is finite and not negative. */
export function bucketOf(ms: number): number {
  if (!(ms >= 0 && ms < Infinity)) throw new RangeError(`Expected a latency of 0 ms or more, got ${ms}.`)
  return Math.ceil(Math.log(Math.max(ms, minMs)) / logGamma)
}

/** Null without values. `sum`, `min` and `max` are those of the counted values, in milliseconds. */
export function distribution(
  buckets: readonly LatencyBucket[],
  exact: { sum: number; min: number | null; max: number | null },
): Distribution | null {
  const count = buckets.reduce((total, { count }) => total + count, 0)
  const { min, max } = exact
  if (count === 0 || min === null || max === null) return null
  const sorted = buckets.toSorted((a, b) => a.bucket - b.bucket)
  const quantile = (q: number) => {
    const rank = q * (count - 1)
    let seen = 0
    for (const { bucket, count } of sorted) {
      seen += count
      if (seen > rank) return Math.min(Math.max((2 * gamma ** bucket) / (gamma + 1), min), max)
    }
    return max
  }
  return {
    count,
    avg: exact.sum / count,
    min,
    p50: quantile(0.5),
    p90: quantile(0.9),
    p95: quantile(0.95),
    p99: quantile(0.99),
    max,
  }
}
