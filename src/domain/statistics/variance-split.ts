/** Where the noise of a paired difference comes from: which items are in the dataset, or how often each was asked. */

/** Values of the executions of one run, by item. */
export interface RunSpread {
  /** Mean over the items of the variance within their repetitions; null without repetitions. */
  within: number | null
  /** Mean number of executions with a value of an item, harmonic. */
  repetitions: number
}

/**
 * The spread of one run: the variance within an item's repetitions is an unbiased estimate of how differently the system
 * answers the same question (one-way random effects).
 * @param executions values of the executions of each item
 */
export function spreadOf(executions: Iterable<readonly number[]>): RunSpread {
  let [squares, freedom, items, inverse] = [0, 0, 0, 0]
  for (const values of executions) {
    if (values.length === 0) continue
    items += 1
    inverse += 1 / values.length
    if (values.length < 2) continue
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    for (const value of values) squares += (value - mean) ** 2
    freedom += values.length - 1
  }
  return { within: freedom > 0 ? squares / freedom : null, repetitions: items === 0 ? 0 : items / inverse }
}

/** The variance of the difference of one item with r repetitions in both runs is `items` + `repetitions` / r. */
export interface VarianceSplit {
  /** Of the true differences between items: only more items reduce what it does to the mean. */
  items: number
  /** Of both runs' answers to one item: more repetitions reduce it, and more items as well. */
  repetitions: number
}

/**
 * @param variance of the observed differences of items, repetitions averaged
 * @param baseline and `candidate`: null `within` of one is taken to be that of the other
 * @returns null where neither run has repetitions
 */
export function splitVariance(variance: number, baseline: RunSpread, candidate: RunSpread): VarianceSplit | null {
  const before = baseline.within ?? candidate.within
  const after = candidate.within ?? baseline.within
  if (before === null || after === null) return null
  const ofRepetitions = before / baseline.repetitions + after / candidate.repetitions
  return { items: Math.max(0, variance - ofRepetitions), repetitions: before + after }
}
