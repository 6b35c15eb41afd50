/**
 * Do the figures hold what they promise? Quick seeded simulations of data whose truth is known; test/simulations has the
 * thorough ones.
 *
 * With R replications the share of an event of probability 0.05 is off by at most ±3 √(0.05 · 0.95 / R), which is three
 * standard errors; that is the only tolerance for a false-positive rate.
 */
import { describe, expect, test } from 'vitest'
import { DifferenceSequence } from '../../../src/domain/statistics/difference-sequence.ts'
import type { Pair } from '../../../src/domain/statistics/paired-moments.ts'
import { seededRandom } from '../../../src/domain/statistics/seeded-random.ts'
import { compareMetric } from '../../helpers/reference-statistics.ts'

const random = seededRandom(20_260_401)

const chance = (p: number) => (random() < p ? 1 : 0)
const gaussian = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
const lognormal = () => Math.exp(gaussian())
const exponential = () => -Math.log(1 - random())
const repeated = (p: number) => (chance(p) + chance(p) + chance(p)) / 3

function share(replications: number, happens: () => boolean): number {
  let count = 0
  for (let i = 0; i < replications; i++) if (happens()) count++
  return count / replications
}

const fivePercent = (replications: number) => 0.05 + 3 * Math.sqrt((0.05 * 0.95) / replications)

/** An item's difficulty: most are clear, some are a coin toss. */
const difficulty = () => (random() < 0.5 ? 0.95 : random())

interface Scenario {
  name: string
  n: number
  draw: () => Pair
  /** The true mean difference. */
  truth: number
}

const nullScenarios: Scenario[] = [
  {
    name: 'binary scores of items of unequal difficulty',
    n: 100,
    truth: 0,
    draw: () => {
      const p = difficulty()
      return { baseline: chance(p), candidate: chance(p) }
    },
  },
  {
    name: 'three repetitions of a binary score, averaged per item',
    n: 100,
    truth: 0,
    draw: () => {
      const p = difficulty()
      return { baseline: repeated(p), candidate: repeated(p) }
    },
  },
  {
    name: 'bounded numeric scores',
    n: 60,
    truth: 0,
    draw: () => ({ baseline: random() ** 0.3, candidate: random() ** 0.3 }),
  },
  {
    name: 'skewed latencies',
    n: 100,
    truth: 0,
    draw: () => {
      const item = lognormal()
      return { baseline: 400 * item * exponential(), candidate: 400 * item * exponential() }
    },
  },
  {
    name: 'scores that rarely differ',
    n: 50,
    truth: 0,
    draw: () => {
      const p = random() < 0.9 ? 1 : 0.5
      return { baseline: repeated(p), candidate: repeated(p) }
    },
  },
]

describe('the fixed-n test', () => {
  test.each(nullScenarios)('finds a difference where there is none in at most 5 % of cases: $name', ({ n, draw }) => {
    const replications = 1_000
    const rate = share(replications, () => {
      const { pValue } = compareMetric(Array.from({ length: n }, draw), 'HIGHER_IS_BETTER')
      return (pValue ?? 1) <= 0.05
    })
    expect(rate).toBeLessThanOrEqual(fivePercent(replications))
  })

  test('finds a real difference of the promised size 80 % of the time', () => {
    const found = share(1_000, () => {
      const pairs = Array.from({ length: 34 }, () => ({ baseline: 10, candidate: 10.5 + gaussian() }))
      return (compareMetric(pairs, 'HIGHER_IS_BETTER').pValue ?? 1) <= 0.05
    })
    expect(found).toBeGreaterThan(0.76)
    expect(found).toBeLessThan(0.84)
  })
})

const coverageScenarios: Scenario[] = [
  {
    name: 'binary, small effect',
    n: 100,
    truth: 0.1,
    draw: () => {
      const u = random()
      return { baseline: u < 0.6 ? 1 : u < 0.65 ? 1 : 0, candidate: u < 0.6 ? 1 : u > 0.85 ? 1 : 0 }
    },
  },
  {
    name: 'binary, no effect',
    n: 150,
    truth: 0,
    draw: () => {
      const p = difficulty()
      return { baseline: chance(p), candidate: chance(p) }
    },
  },
  {
    name: 'three repetitions of a binary score, averaged per item',
    n: 100,
    // Half the items are solved with probability p ~ U(0, 1) against √p: mean 1/2 · (2/3 − 1/2).
    truth: 1 / 12,
    draw: () => {
      const p = random() < 0.5 ? 1 : random()
      return { baseline: repeated(p), candidate: repeated(Math.sqrt(p)) }
    },
  },
  {
    name: 'bounded numeric',
    n: 50,
    // E[U^a] = 1 / (1 + a)
    truth: 1 / 1.2 - 1 / 1.5,
    draw: () => ({ baseline: random() ** 0.5, candidate: random() ** 0.2 }),
  },
  {
    name: 'skewed: latencies of both arms exponential',
    n: 50,
    truth: -100,
    draw: () => ({ baseline: 500 * exponential(), candidate: 400 * exponential() }),
  },
  {
    name: 'skewed: differences lognormal around a slow item',
    n: 200,
    truth: 0,
    draw: () => ({ baseline: lognormal(), candidate: lognormal() }),
  },
]

describe('the 95 % interval', () => {
  test.each(coverageScenarios)('contains the truth in 95 % ± 1.5 % of cases: $name', ({ n, draw, truth }) => {
    const replications = 1_500
    const covered = share(replications, () => {
      const { interval } = compareMetric(Array.from({ length: n }, draw), 'HIGHER_IS_BETTER')
      return interval !== null && interval.low <= truth && truth <= interval.high
    })
    expect(Math.abs(covered - 0.95), `coverage ${covered}`).toBeLessThanOrEqual(0.015)
  })
})

/** Whether a reader who checks after every pair ever sees an interval without zero. */
function winnerSeen(differences: Iterable<number>, range = 1): boolean {
  const sequence = new DifferenceSequence(range)
  for (const d of differences) {
    sequence.push(d)
    const interval = sequence.interval()
    if (interval && (interval.low > 0 || interval.high < 0)) return true
  }
  return false
}

describe('the sequence under continuous peeking', () => {
  const replications = 150

  test.each(nullScenarios.filter(({ name }) => !name.includes('latencies')))(
    'sees a winner where there is none in at most 5 % of cases: $name',
    ({ draw }) => {
      const rate = share(replications, () =>
        winnerSeen(
          Array.from({ length: 250 }, () => {
            const { baseline, candidate } = draw()
            return candidate - baseline
          }),
        ),
      )
      expect(rate).toBeLessThanOrEqual(fivePercent(replications))
    },
  )

  test('contains the true difference at every check in at least 95 % of cases', () => {
    const missed = share(replications, () => {
      const sequence = new DifferenceSequence(1)
      return Array.from({ length: 400 }, () => random()).some((u) => {
        sequence.push(u < 0.05 ? -1 : u < 0.25 ? 1 : 0)
        const interval = sequence.interval()
        return !interval || interval.low > 0.15 || interval.high < 0.15
      })
    })
    expect(missed).toBeLessThanOrEqual(fivePercent(replications))
  })

  test('decides early when there is a difference', () => {
    const decided = share(200, () =>
      winnerSeen(Array.from({ length: 500 }, () => (random() < 0.3 ? (random() < 0.75 ? 1 : -1) : 0))),
    )
    expect(decided).toBeGreaterThan(0.9)
  })

  test('peeking at the fixed-n p value instead finds winners five times as often', () => {
    const rate = share(150, () => {
      const pairs: Pair[] = []
      for (let n = 1; n <= 300; n++) {
        pairs.push({ baseline: gaussian(), candidate: gaussian() })
        if (n >= 10 && n % 5 === 0 && (compareMetric(pairs, 'HIGHER_IS_BETTER').pValue ?? 1) <= 0.05) return true
      }
      return false
    })
    expect(rate).toBeGreaterThan(0.2)
  })
})

describe('when completion order correlates with the outcome', () => {
  /** 300 pairs, 60 in flight at once; the candidate answers quickly when it is right, so its wins complete first. */
  function completions(): { rank: number; difference: number }[] {
    const slots = new Float64Array(60)
    const finished = Array.from({ length: 300 }, (_, rank) => {
      const p = difficulty()
      const difference = chance(p) - chance(p)
      const slot = slots.indexOf(Math.min(...slots))
      const at = (slots[slot] as number) + exponential() * (difference > 0 ? 0.1 : difference < 0 ? 10 : 1)
      slots[slot] = at
      return { rank, difference, at }
    })
    return finished.sort((x, y) => x.at - y.at)
  }

  /** Pairs are held back: however they complete, they are read one by one in schedule order. */
  function inScheduleOrder(completed: ReturnType<typeof completions>): number[] {
    return completed.toSorted((x, y) => x.rank - y.rank).map(({ difference }) => difference)
  }

  test('the sequence in schedule order keeps its 5 %, where completion order finds winners many times as often', () => {
    const replications = 200
    let fooled = 0
    const rate = share(replications, () => {
      const completed = completions()
      if (winnerSeen(completed.map(({ difference }) => difference))) fooled++
      return winnerSeen(inScheduleOrder(completed))
    })
    expect(rate).toBeLessThanOrEqual(fivePercent(replications))
    expect(fooled / replications).toBeGreaterThan(0.25)
  })
})
