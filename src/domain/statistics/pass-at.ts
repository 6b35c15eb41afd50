/** Of n tries at an item, c of which succeeded: how likely k new tries succeed, without a bias for any k ≤ n. */

/**
 * pass@k, the probability that at least one of k tries succeeds: 1 − C(n − c, k) / C(n, k), the share of all choices of k
 * of the n tries with a success. Chen et al., "Evaluating large language models trained on code" (2021).
 */
export function passAtLeastOnce(n: number, c: number, k: number): number {
  return 1 - passEveryTime(n, n - c, k)
}

/** pass^k, the probability that all of k tries succeed: C(c, k) / C(n, k). */
export function passEveryTime(n: number, c: number, k: number): number {
  if (!(Number.isInteger(k) && k >= 1 && k <= n)) throw new RangeError(`Expected 1 to ${n} tries, got ${k}.`)
  let share = 1
  for (let i = 0; i < k; i++) share *= Math.max(0, c - i) / (n - i)
  return share
}
