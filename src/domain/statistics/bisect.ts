/**
 * Finds where a monotone predicate flips, to the last bit: `isBelow` must be true at `low` and false at `high`.
 * Returns the largest number found for which `isBelow` still holds. At most 200 evaluations.
 */
export function bisect(isBelow: (x: number) => boolean, low: number, high: number): number {
  for (let i = 0; i < 200; i++) {
    const middle = low + (high - low) / 2
    if (middle <= low || middle >= high) break
    if (isBelow(middle)) low = middle
    else high = middle
  }
  return low
}
