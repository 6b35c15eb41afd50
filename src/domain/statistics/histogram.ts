/** A counted bin: that of one value, or the one with this number, from 1, of bins of equal width. */
export type MeasuredBin = { count: number } & ({ value: number; bin: null } | { value: null; bin: number })

/** Values from `from` (included) to `to`, which only the last bin and those of one value include. */
export interface HistogramBin {
  from: number
  to: number
  count: number
}

/** Bins in ascending order, with the empty ones between bins of equal width, of which `bins` reach from `min` to `max`. */
export function histogram(
  counted: readonly MeasuredBin[],
  range: { min: number; max: number; bins: number },
): HistogramBin[] {
  const single = counted.flatMap(({ value, count }) => (value === null ? [] : [{ from: value, to: value, count }]))
  if (single.length > 0 || counted.length === 0) return single.sort((a, b) => a.from - b.from)
  const { min, max, bins } = range
  const counts = new Map(counted.map(({ bin, count }) => [bin, count]))
  const edge = (n: number) => (n === bins ? max : min + (max - min) * (n / bins))
  return Array.from({ length: bins }, (_, n) => ({ from: edge(n), to: edge(n + 1), count: counts.get(n + 1) ?? 0 }))
}
