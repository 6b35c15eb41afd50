import type { Interval } from '../statistics/interval.ts'
import { z95 } from '../statistics/normal.ts'
import { effectiveCount } from './weights.ts'

/** A share of observations, with a 95 % interval. */
export interface Proportion {
  /** Weighted, where observations stand for different numbers of others; null without observations. */
  value: number | null
  interval: Interval | null
  /** The observations themselves. */
  successes: number
  count: number
}

/** With Wilson's interval, which keeps its promise also for few observations and for shares near 0 and 1. */
export function proportionOf(successes: number, count: number, z = z95): Proportion {
  if (count === 0) return { value: null, interval: null, successes, count }
  const value = successes / count
  const weight = z * z
  const centre = (successes + weight / 2) / (count + weight)
  const half = (z / (count + weight)) * Math.sqrt((successes * (count - successes)) / count + weight / 4)
  // At the ends rounding would leave them by a little.
  const low = successes === 0 ? 0 : centre - half
  const high = successes === count ? 1 : centre + half
  return { value, interval: { low, high }, successes, count }
}

/**
 * Of observations that stand for different numbers of others. Wilson's interval is that of so many as the weights are worth,
 * which keeps its promise for weighted samples, too (Franco, Little, Louis and Slud, 2019).
 */
export function weightedProportion(observations: readonly { counts: boolean; weight: number }[]): Proportion {
  const successes = observations.filter(({ counts }) => counts)
  const weights = observations.map(({ weight }) => weight)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (total === 0) return proportionOf(0, 0)
  const worth = effectiveCount(weights)
  const share = successes.reduce((sum, { weight }) => sum + weight, 0) / total
  const isAll = successes.length === observations.length
  const { value, interval } = proportionOf(isAll ? worth : share * worth, worth)
  return { value, interval, successes: successes.length, count: observations.length }
}
