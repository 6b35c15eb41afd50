/**
 * Samples with known probabilities. Every item has a permanent random number, which its seed fixes, and Pareto sampling (Rosén,
 * 1997) takes those whose number is smallest beside their probability, by the odds of both. With equal probabilities it is
 * a simple random sample; with others items come very nearly as often as their probability says, and always so many.
 * Samples with the same seed have as many items in common as they can.
 */

export interface Drawable {
  /** The permanent random number, in [0, 1). */
  random: number
}

export type Drawn<Item> = Item & { probability: number }

/** Draws `n` items, or all, with probabilities that are proportional to their sizes; in no order. */
export function drawSample<Item extends Drawable>(
  items: readonly Item[],
  n: number,
  sizeOf: (item: Item) => number = () => 1,
): Drawn<Item>[] {
  const probabilities = inclusionProbabilities(items.map(sizeOf), n)
  return items
    .map((item, index) => ({ ...item, probability: probabilities[index] ?? 0 }))
    .filter(({ probability }) => probability > 0)
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, n)
}

/** What is certain comes first, whatever its number. */
function rank({ random, probability }: Drawn<Drawable>): number {
  return probability >= 1 ? -1 : (random * (1 - probability)) / ((1 - random) * probability)
}

/**
 * As many of each stratum as possible, `n` in all: small strata are taken whole, and the others share what is left.
 * @param stratumOf what its stratum is called
 */
export function drawBalanced<Item extends Drawable>(
  items: readonly Item[],
  n: number,
  stratumOf: (item: Item) => string,
): Drawn<Item>[] {
  const strata = [...Map.groupBy(items, stratumOf).values()].sort((a, b) => a.length - b.length)
  let left = n
  return strata.flatMap((stratum, index) => {
    const share = Math.min(stratum.length, Math.floor(left / (strata.length - index)))
    left -= share
    return drawSample(stratum, share)
  })
}

/** Proportional to the sizes, at most 1 each, `n` in sum; 0 for a size of 0, and 1 for all when there are not so many. */
export function inclusionProbabilities(sizes: readonly number[], n: number): number[] {
  const probabilities = sizes.map(() => 0)
  let open = sizes.flatMap((size, index) => (size > 0 ? [index] : []))
  let left = n
  for (;;) {
    const sum = open.reduce((total, index) => total + (sizes[index] ?? 0), 0)
    const certain = open.filter((index) => left * (sizes[index] ?? 0) >= sum)
    if (certain.length === 0 || open.length === 0) {
      for (const index of open) probabilities[index] = (left * (sizes[index] ?? 0)) / sum
      return probabilities
    }
    for (const index of certain) probabilities[index] = 1
    left -= certain.length
    const isCertain = new Set(certain)
    open = open.filter((index) => !isCertain.has(index))
  }
}

/**
 * Sizes for a sample of what a label says most about: half of the probability is by the information, half is the same for
 * all, so that no label ever counts more than twice as much as in a simple random sample (Zrnic and Candès, 2024).
 */
export function informationSizes(information: readonly number[]): number[] {
  const sum = information.reduce((total, one) => total + one, 0)
  return information.map((one) => (sum > 0 ? one / sum : 0) + 1 / information.length)
}
