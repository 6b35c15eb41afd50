import { binomialCdf, signTest } from './binomial.ts'

/**
 * The probability that the exact McNemar test of n pairs has p ≤ level and finds the right side, if a pair is gained with
 * probability `gain` and lost with `loss`: over the number of changed pairs, of which the share gain / (gain + loss) is
 * gained.
 */
export function mcNemarPower(n: number, gain: number, loss: number, level: number): number {
  const share = gain + loss
  if (!(share > 0)) return 0
  const [few, many] = gain >= loss ? [loss / share, gain / share] : [gain / share, loss / share]
  if (few === many) return level / 2
  // Numbers of changed pairs further away have a probability below 1e-9.
  const reach = 6.5 * Math.sqrt(n * share * (1 - share)) + 6
  const from = Math.max(1, Math.floor(n * share - reach))
  const to = Math.min(n, Math.ceil(n * share + reach))
  let power = 0
  let below = binomialCdf(from - 1, n, share)
  let critical = -1
  for (let changed = from; changed <= to; changed++) {
    const upTo = changed === n ? 1 : binomialCdf(changed, n, share)
    while (signTest(critical + 1, changed - critical - 1) <= level && 2 * (critical + 1) < changed) critical += 1
    // `critical` fell behind: one more changed pair may need one fewer of the rare side.
    while (critical >= 0 && signTest(critical, changed - critical) > level) critical -= 1
    if (critical >= 0) power += (upTo - below) * binomialCdf(critical, changed, few)
    below = upTo
  }
  return power
}

/** The fewest pairs with at least this power, to the next whole number where it rises to stay above. */
export function pairsForMcNemar(gain: number, loss: number, level: number, power: number, most: number): number | null {
  const isEnough = (n: number) => mcNemarPower(n, gain, loss, level) >= power
  let high = 8
  while (!isEnough(high)) {
    high *= 2
    if (high > 2 * most) return null
  }
  let low = high / 2
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (isEnough(middle)) high = middle
    else low = middle
  }
  return high
}
