/** How far people agree about the outputs that several of them have scored. */
import type { ScoreDataType } from '../evaluation.ts'
import { hasValue } from '../score.ts'
import { cohenKappa, type Kappa } from './cohen-kappa.ts'
import { confusionOf } from './confusion.ts'
import { alphaOf, type GivenValue } from './judge-figures.ts'
import type { Alpha } from './krippendorff.ts'

export interface PersonsValue extends GivenValue {
  author: string
}

export interface PairOfPeople {
  first: string
  second: string
  /** Outputs that both have scored. */
  items: number
  /** Of values in an order with quadratic weights; null for more than 20 different values. */
  kappa: Kappa | null
}

export interface PeopleFigures {
  /** Of all of them together. */
  alpha: Alpha
  /** Those with most outputs in common first. */
  pairs: PairOfPeople[]
}

const maxLabels = 20
const maxPairs = 50

/** @param outputs what people said of each, each person once */
export function peopleFigures(outputs: readonly (readonly PersonsValue[])[], dataType: ScoreDataType): PeopleFigures {
  const common = new Map<string, { first: string; second: string; values: { human: string; judge: string }[] }>()
  for (const output of outputs) {
    const said = output
      .flatMap(({ author, value, label }) => {
        const key = label !== null && !hasValue(dataType) ? label : value === null ? null : String(value)
        return key === null ? [] : [{ author, key }]
      })
      .sort((a, b) => (a.author < b.author ? -1 : 1))
    for (const [index, one] of said.entries()) {
      for (const other of said.slice(index + 1)) {
        const key = JSON.stringify([one.author, other.author])
        const pair = common.get(key) ?? { first: one.author, second: other.author, values: [] }
        pair.values.push({ human: one.key, judge: other.key })
        common.set(key, pair)
      }
    }
  }
  const pairs = [...common.values()].sort((a, b) => b.values.length - a.values.length).slice(0, maxPairs)
  return {
    alpha: alphaOf(outputs, dataType),
    pairs: pairs.map(({ first, second, values }) => ({
      first,
      second,
      items: values.length,
      kappa: kappaOf(values, dataType),
    })),
  }
}

function kappaOf(values: readonly { human: string; judge: string }[], dataType: ScoreDataType): Kappa | null {
  const labels = [...new Set(values.flatMap(({ human, judge }) => [human, judge]))]
  if (labels.length > maxLabels) return null
  const order = hasValue(dataType) ? labels.sort((a, b) => Number(a) - Number(b)) : labels.sort()
  return cohenKappa(confusionOf(values, order).counts, dataType === 'NUMERIC' ? 'QUADRATIC' : 'NONE')
}
