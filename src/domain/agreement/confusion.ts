/** How a judge's labels and people's came together. */
import { type Proportion, weightedProportion } from './proportion.ts'

export interface Confusion {
  labels: string[]
  /** How often people gave the label of the row and the judge that of the column. */
  counts: number[][]
}

/** @param labels in their order; those that only the pairs have come after them */
export function confusionOf(pairs: readonly { human: string; judge: string }[], labels: readonly string[]): Confusion {
  const all = [...new Set([...labels, ...pairs.flatMap(({ human, judge }) => [human, judge])])]
  const place = new Map(all.map((label, index) => [label, index]))
  const counts = all.map(() => all.map(() => 0))
  for (const { human, judge } of pairs) {
    const row = counts[place.get(human) as number] as number[]
    const column = place.get(judge) as number
    row[column] = (row[column] ?? 0) + 1
  }
  return { labels: all, counts }
}

export interface Rates {
  /** Of what people call positive, how much the judge does, too. */
  truePositive: Proportion
  /** Of what people call negative, how much the judge does, too. */
  trueNegative: Proportion
}

/** Of verdicts that are yes or no. */
export function ratesOf(pairs: readonly { human: boolean; judge: boolean; weight?: number }[]): Rates {
  const positive = pairs.filter(({ human }) => human)
  const negative = pairs.filter(({ human }) => !human)
  return {
    truePositive: weightedProportion(positive.map(({ judge, weight = 1 }) => ({ counts: judge, weight }))),
    trueNegative: weightedProportion(negative.map(({ judge, weight = 1 }) => ({ counts: !judge, weight }))),
  }
}
