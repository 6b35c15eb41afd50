/** What a comparison says, in words: a number never stands without its interval, and a direction never in colour alone. */
import type { Direction, MetricFiguresFragment, ScoreDataType, ScoreSource } from '../gql/graphql.ts'
import { formatCost, formatDelta, formatDuration, formatScore, plural } from './number-format.ts'

/** BETTER and WORSE are shown; NOT_WORSE rules out a loss; OPEN: nothing is shown yet. */
export type Conclusion = 'BETTER' | 'WORSE' | 'NOT_WORSE' | 'OPEN'

/** How the values of a metric are written. */
export interface Unit {
  value(value: number | null | undefined): string
  /** Of a difference, without a sign. */
  size(size: number): string
  /** After a difference: ` points`. */
  suffix: string
}

const plain: Unit = {
  value: (value) => formatScore(value),
  // A difference that rounds to nothing is not spelled out.
  size: (size) => (size < 0.0005 ? '0.000' : formatScore(size)),
  suffix: '',
}
const share: Unit = {
  value: (value) => (value === null || value === undefined ? '–' : `${(value * 100).toFixed(1)} %`),
  size: (size) => (size * 100).toFixed(1),
  suffix: ' points',
}
const duration: Unit = { value: formatDuration, size: formatDuration, suffix: '' }
const cost: Unit = { value: formatCost, size: formatCost, suffix: '' }

export function unitOf(kind: string, dataType: ScoreDataType | null): Unit {
  if (kind === 'LATENCY') return duration
  if (kind === 'COST') return cost
  return dataType === 'BOOLEAN' || kind === 'FAILED' ? share : plain
}

/** Of a score its name, and that people gave it: an evaluator may give one of the same name. */
export function nameOf(metric: { kind: string; name: string | null; source?: ScoreSource | null }): string {
  if (metric.source === 'HUMAN') return `${metric.name}, people`
  return metric.name ?? { LATENCY: 'latency', COST: 'cost', FAILED: 'failed items' }[metric.kind] ?? metric.kind
}

/** Whether a difference is good; null where neither is, or there is none. */
export function isBetter(delta: number, direction: Direction): boolean | null {
  if (delta === 0 || direction === 'NONE') return null
  return delta > 0 === (direction === 'HIGHER_IS_BETTER')
}

/** While the runs execute, only the sequence may be believed. */
export function conclude(metric: MetricFiguresFragment): Conclusion {
  if (metric.verdict === 'IMPROVED') return 'BETTER'
  if (metric.verdict === 'REGRESSED') return 'WORSE'
  if (metric.verdict === 'NOT_WORSE' || metric.verdict === 'EQUIVALENT') return 'NOT_WORSE'
  if (metric.interval === null && metric.sequence !== null) {
    const { low, high } = metric.sequence
    if (low >= 0 || high <= 0) return isBetter(low + high, metric.direction) ? 'BETTER' : 'WORSE'
  }
  return 'OPEN'
}

/** Where it is not the interval that leaves it open. */
const undecided: Partial<Record<string, string>> = {
  NOT_ASKED: 'Not judged',
  MISSING_VALUES: 'Undecided, because missing values could turn it',
  OTHER_METRICS: 'Not shown among that many metrics',
  STOPPED_EARLY: 'Undecided, because the run was stopped early',
}

/** `Better by 3.1 points, 1.2 to 5.0, valid although you looked`. */
export function describe(metric: MetricFiguresFragment): string {
  const { delta, pairs, pairsNeeded, margin } = metric
  const unit = unitOf(metric.metric.kind, metric.dataType)
  if (pairs === 0 || delta === null) return 'No pair of values to compare yet'
  const live = metric.interval === null && metric.sequence !== null
  const range = metric.interval ?? metric.sequence
  const signed = (value: number) => formatDelta(value, unit.size)
  const between = range ? `${signed(range.low)} to ${signed(range.high)}` : `over ${plural(pairs, 'pair')}`
  const note = live ? ', valid although you looked' : ''
  const size = `${unit.size(Math.abs(delta))}${unit.suffix}`
  switch (conclude(metric)) {
    case 'BETTER':
      return `Better by ${size}, ${between}${note}`
    case 'WORSE':
      return `Worse by ${size}, ${between}${note}`
    case 'NOT_WORSE':
      if (metric.verdict === 'EQUIVALENT')
        return `Equivalent: a difference above ${unit.size(margin)}${unit.suffix} is ruled out, ${between}${note}`
      return `Not worse: a loss above ${unit.size(margin)}${unit.suffix} is ruled out, ${between}${note}`
    case 'OPEN': {
      if (metric.improved + metric.regressed === 0 && delta === 0)
        return `No difference on any of ${plural(pairs, 'pair')}`
      const more = pairsNeeded === null ? '' : `; about ${plural(pairsNeeded, 'more pair')} would decide`
      const so = undecided[metric.reason ?? ''] ?? (metric.interval ? 'No difference shown' : 'Undecided so far')
      return `${so}: ${signed(delta)}${unit.suffix}, ${between}${note}${more}`
    }
  }
}
