/** What a verdict rests on, in a few words each: how many pairs, what is missing, and how independent they are. */
import type { MetricFiguresFragment, Verdict } from '../gql/graphql.ts'
import { formatCount, formatDelta, plural } from './number-format.ts'
import { unitOf } from './verdict.ts'

export function detailsOf(figures: MetricFiguresFragment): string[] {
  const { pairs, missing, lacking, leftOut, clusters, detectable, verdict, onTheseItems } = figures
  const unit = unitOf(figures.metric.kind, figures.dataType)
  const details = [`n ${formatCount(pairs)}`]
  if (missing > 0) {
    details.push(`${formatCount(missing)} missing${lacking > 0 ? `, ${formatCount(lacking)} of them failed` : ''}`)
  }
  if (leftOut > 0) details.push(`${formatCount(leftOut)} left out, because they are not alike`)
  if (clusters) {
    const { count, icc, designEffect } = clusters
    details.push(
      `${plural(count, 'cluster')}${icc === null ? '' : `, correlation ${icc.toFixed(2)}`}${designEffect === null ? '' : `, variance × ${designEffect.toFixed(1)}`}`,
    )
  }
  if (detectable !== null && verdict === 'INCONCLUSIVE') {
    details.push(`a difference of ${unit.size(detectable)}${unit.suffix} would have been seen`)
  }
  const here = words[onTheseItems.verdict]
  if (here !== undefined && onTheseItems.interval) {
    const { low, high } = onTheseItems.interval
    const [from, to] = [formatDelta(low, unit.size), formatDelta(high, unit.size)]
    details.push(`on exactly these items ${here}, ${from === to ? from : `${from} to ${to}`}`)
  }
  return details
}

const words: Partial<Record<Verdict, string>> = {
  IMPROVED: 'better',
  REGRESSED: 'worse',
  NOT_WORSE: 'not worse',
  EQUIVALENT: 'equivalent',
}
