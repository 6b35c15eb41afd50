/** Agreement of two raters beyond chance, from how often each pair of their labels came together. */
import type { Interval } from '../statistics/interval.ts'
import { z95 } from '../statistics/normal.ts'

export interface Kappa {
  /** 1: they always agree; 0: as often as by chance. Null when chance alone agrees always, or there is no pair. */
  kappa: number | null
  /** Of the large-sample normal approximation of Fleiss, Cohen and Everitt (1969). */
  standardError: number | null
  /** 95 %. */
  interval: Interval | null
  /** Share of pairs with equal labels. */
  agreement: number | null
}

/** How much two different labels agree, by how many steps they are apart: not at all, linearly, or quadratically less. */
export type KappaWeights = 'NONE' | 'LINEAR' | 'QUADRATIC'

/** @param counts by the labels of one rater, and in each row those of the other; weights need labels in their order */
export function cohenKappa(counts: readonly (readonly number[])[], weights: KappaWeights = 'NONE'): Kappa {
  const size = counts.length
  const total = counts.flat().reduce((sum, count) => sum + count, 0)
  const nothing = { kappa: null, standardError: null, interval: null, agreement: null }
  if (total === 0) return nothing
  const share = (row: number, column: number) => (counts[row]?.[column] ?? 0) / total
  const labels = counts.map((_, index) => index)
  const sumOf = (of: (index: number) => number) => labels.reduce((sum, index) => sum + of(index), 0)
  const rows = labels.map((row) => sumOf((column) => share(row, column)))
  const columns = labels.map((column) => sumOf((row) => share(row, column)))
  const weight = (row: number, column: number) => weightOf(Math.abs(row - column), size, weights)
  const both = (of: (row: number, column: number) => number) => sumOf((row) => sumOf((column) => of(row, column)))
  const agreement = sumOf((index) => share(index, index))
  const observed = both((row, column) => weight(row, column) * share(row, column))
  const expected = both((row, column) => weight(row, column) * (rows[row] ?? 0) * (columns[column] ?? 0))
  if (1 - expected < 1e-12) return { ...nothing, agreement }
  const kappa = (observed - expected) / (1 - expected)
  const ofRow = labels.map((row) => sumOf((column) => weight(row, column) * (columns[column] ?? 0)))
  const ofColumn = labels.map((column) => sumOf((row) => weight(row, column) * (rows[row] ?? 0)))
  const squares = both((row, column) => {
    const deviation = weight(row, column) - ((ofRow[row] ?? 0) + (ofColumn[column] ?? 0)) * (1 - kappa)
    return share(row, column) * deviation * deviation
  })
  const variance = (squares - (kappa - expected * (1 - kappa)) ** 2) / (total * (1 - expected) ** 2)
  const standardError = Math.sqrt(Math.max(0, variance))
  const interval = { low: Math.max(-1, kappa - z95 * standardError), high: Math.min(1, kappa + z95 * standardError) }
  return { kappa, standardError, interval, agreement }
}

function weightOf(distance: number, size: number, weights: KappaWeights): number {
  if (weights === 'NONE' || size < 2) return distance === 0 ? 1 : 0
  const share = distance / (size - 1)
  return 1 - (weights === 'LINEAR' ? share : share * share)
}
