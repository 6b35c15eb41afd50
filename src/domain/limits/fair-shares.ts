/**
 * Divides `limit` among claimants by max-min fairness: no claimant gets more than it wants, and what one leaves is
 * divided among the others. The indivisible rest rotates with `turn`, so that all get the same over time even when
 * there are more claimants than units.
 *
 * @param wanted how much each claimant could use, in an order that all processes agree on
 * @returns one whole number per entry of `wanted`; their sum is at most `limit`
 */
export function fairShares(limit: number, wanted: readonly number[], turn: number): number[] {
  const shares = wanted.map(() => 0)
  let left = limit
  let open = [...wanted.keys()].filter((index) => (wanted[index] ?? 0) > 0)
  while (left > 0 && open.length > 0) {
    const each = Math.floor(left / open.length)
    const luckyFrom = turn % open.length
    const lucky = each === 0 ? left : open.length
    for (const [position, index] of open.entries()) {
      if ((position - luckyFrom + open.length) % open.length >= lucky) continue
      const more = Math.min(Math.max(each, 1), (wanted[index] ?? 0) - (shares[index] ?? 0))
      shares[index] = (shares[index] ?? 0) + more
      left -= more
    }
    open = open.filter((index) => (shares[index] ?? 0) < (wanted[index] ?? 0))
  }
  return shares
}
