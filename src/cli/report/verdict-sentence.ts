/** What a comparison says of one metric, as a sentence: never a difference without its interval and its number of pairs. */

import { graphql } from '../gql/gql.ts'
import type { MetricFiguresFragment } from '../gql/graphql.ts'
import { count, isBetter, known, signed, unitOf } from './figures.ts'

graphql(/* GraphQL */ `
  fragment MetricFigures on MetricComparison {
    metric { kind name source }
    candidate { id name }
    dataType
    direction
    baselineMean
    candidateMean
    delta
    interval { low high }
    sequence { low high }
    adjustedPValue
    pairs
    missing
    improved
    regressed
    unchanged
    margin
    pairsNeeded
    verdict
    reason
  }
`)

export type MetricFigures = MetricFiguresFragment

/**
 * Such as `worse by 34.1 points (95 % interval −37.0 to −31.2): 21.7 % after 56.3 %, 1,319 items, 120 better, 570 worse`.
 */
export function verdictSentence(metric: MetricFigures): string {
  const { delta, pairs, missing, improved, regressed, baselineMean, candidateMean } = metric
  const unit = unitOf(metric.metric.kind, metric.dataType ?? null)
  if (pairs === 0 || delta == null) return `cannot be compared: no item has a value in both runs, ${missing} lack one`
  const means = `${known(candidateMean, unit.value)} after ${known(baselineMean, unit.value)}`
  const pairsSaid = metric.direction === 'NONE' ? [] : [`${improved} better`, `${regressed} worse`]
  const missed = missing > 0 ? [`${missing} without a value in both runs`] : []
  return `${conclusion(metric)}: ${[means, count(pairs, 'item'), ...pairsSaid, ...missed].join(', ')}`
}

/** Where it is not the interval that leaves it open. */
const because: Partial<Record<string, string>> = {
  MISSING_VALUES: ', because missing values could turn it',
  OTHER_METRICS: ' among that many metrics',
  STOPPED_EARLY: ', because the run was stopped early: finish it, or ask about these items',
}

function conclusion({ verdict, reason, margin, pairsNeeded, ...metric }: MetricFigures): string {
  const unit = unitOf(metric.metric.kind, metric.dataType ?? null)
  const delta = metric.delta ?? 0
  const range = metric.interval ?? metric.sequence
  const kind = metric.interval ? '95 % interval' : 'so far, valid at any time'
  const signedSize = (value: number) => signed(value, unit.size)
  const between = range ? ` (${kind} ${signedSize(range.low)} to ${signedSize(range.high)}${unit.suffix})` : ''
  const size = `${unit.size(Math.abs(delta))}${unit.suffix}`
  switch (verdict) {
    case 'IMPROVED':
      return `better by ${size}${between}`
    case 'REGRESSED':
      return `worse by ${size}${between}`
    case 'EQUIVALENT':
      return `equivalent: a difference of more than ${unit.size(margin)}${unit.suffix} is ruled out${between}`
    case 'NOT_WORSE':
      return `not worse: a loss of more than ${unit.size(margin)}${unit.suffix} is ruled out${between}`
    default: {
      if (metric.direction === 'NONE') return `changed by ${signedSize(delta)}${unit.suffix}${between}`
      const way = { true: ' for the better', false: ' for the worse', null: '' }[
        String(isBetter(delta, metric.direction))
      ]
      const more = pairsNeeded == null ? '' : `; about ${count(pairsNeeded, 'more item')} would decide it`
      return `undecided${because[reason ?? ''] ?? ''}, ${signedSize(delta)}${unit.suffix}${way}${between}${more}`
    }
  }
}
