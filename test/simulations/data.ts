/** Seeded data whose truth is known, and how often something happens on it. */
import type { Pair } from '../../src/domain/statistics/paired-moments.ts'
import { seededRandom } from '../../src/domain/statistics/seeded-random.ts'

export interface Random {
  (): number
  /** 1 with this probability, else 0. */
  chance: (p: number) => 0 | 1
  gaussian: () => number
  shuffle: <T>(values: readonly T[]) => T[]
}

export function randomFrom(seed: number): Random {
  const random = seededRandom(seed)
  return Object.assign(() => random(), {
    chance: (p: number) => (random() < p ? 1 : 0) as 0 | 1,
    gaussian: () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
    shuffle: <T>(values: readonly T[]): T[] => {
      const result = [...values]
      for (let i = result.length - 1; i > 0; i--) {
        const j = Math.floor(random() * (i + 1))
        const one = result[i] as T
        result[i] = result[j] as T
        result[j] = one
      }
      return result
    },
  })
}

/** The share of the replications in which it happens. */
export function shareOf(replications: number, happens: () => boolean): number {
  let count = 0
  for (let i = 0; i < replications; i++) if (happens()) count++
  return count / replications
}

/** The share that an event of probability `p` may have: three standard errors more. */
export function atMost(p: number, replications: number): number {
  return p + 3 * Math.sqrt((p * (1 - p)) / replications)
}

/** Differences of `n` pairs of which this many gained and lost. */
export function changes(n: number, gained: number, lost: number): number[] {
  return Array.from({ length: n }, (_, i) => (i < gained ? 1 : i < gained + lost ? -1 : 0))
}

/** A pair of yes and no: a gain, a loss, or the same in both. */
export function binaryPair(random: Random, gain: number, loss: number): Pair {
  const u = random()
  if (u < gain) return { baseline: 0, candidate: 1 }
  if (u < gain + loss) return { baseline: 1, candidate: 0 }
  const same = random.chance(0.6)
  return { baseline: same, candidate: same }
}
