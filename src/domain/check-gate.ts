import { describeCountedAs } from './counted-as.ts'
import type { Question } from './early-stop.ts'
import type { Direction } from './evaluation.ts'
import type { Gate, MinMean, NotWorse } from './gate.ts'
import { describeMetric, type Metric } from './metric.ts'
import type { Verdict } from './statistics/conclusion.ts'
import type { Interval } from './statistics/interval.ts'
import type { InconclusiveReason } from './statistics/verdict.ts'

type GateRule =
  | 'COMPLETED'
  | 'MIN_MEAN'
  | 'NOT_WORSE'
  | 'MAX_FAILURE_RATE'
  | 'MAX_COST'
  | 'MAX_AVG_COST'
  | 'MAX_AVG_LATENCY'
  | 'MAX_P95_LATENCY'

/** The result of one rule. */
export interface GateCheck {
  rule: GateRule
  /** Of `MIN_MEAN` and `NOT_WORSE`; null for the others, whose rule says what they check. */
  metric: Metric | null
  passed: boolean
  /** The limit, the minimum mean or the margin. */
  limit: number | null
  /** The measured value; null when it is unknown, which never passes. */
  actual: number | null
  reason: string
}

/** The figures of a run that a gate checks. */
interface GateSubject {
  /** It ran to its end, or its comparison was decided early. */
  completed: boolean
  status: string
  failureRate: number | null
  costUsd: number | null
  avgCostUsd: number | null
  avgLatencyMs: number | null
  p95LatencyMs: number | null
  /** Succeeded items whose cost is not known. */
  unknownCosts: number
  /** Null for a score that the run does not have; a text says why it cannot be counted so. */
  score: (rule: MinMean) => ScoreOfSubject | string | null
  /** Null without a baseline; of a rule as `score`. */
  comparison: ((rule: NotWorse) => Compared | string | null) | null
}

export interface ScoreOfSubject {
  mean: number | null
  /** Of 95 %, of `mean`; null where it is not needed, or not known. */
  interval: Interval | null
  /** Executions that count in it: those that have it, and failures where they count as the worst value. */
  count: number
  /** Failures that count as the worst value. */
  failures: number
  /** Executions that should have it: not those that its evaluator left out on purpose. */
  needed: number
}

/** A metric of the run against its baseline. */
export interface Compared {
  delta: number | null
  /** Items that are compared. */
  pairs: number
  direction: Direction
  verdict: Verdict
  reason: InconclusiveReason | null
  pairsNeeded: number | null
  /** Items that are not alike in both runs, and therefore not compared. */
  leftOut: number
  onTheseItems: { verdict: Verdict; reason: InconclusiveReason | null }
}

/** Checks every rule of the gate. What is unknown or missing never passes. */
export function checkGate(gate: Gate, subject: GateSubject): GateCheck[] {
  const atMost = (
    rule: GateRule,
    what: string,
    limit: number | null,
    actual: number | null,
    unknown: string | null = null,
  ): GateCheck[] => {
    if (limit === null) return []
    const passed = actual !== null && unknown === null && !isBelow(limit, actual)
    const known = actual === null ? `${what} is unknown` : `${what} is ${shown(actual)}; the limit is ${shown(limit)}`
    return [
      { rule, metric: null, passed, limit, actual, reason: `${known}${unknown === null ? '' : `, and ${unknown}`}.` },
    ]
  }
  const { unknownCosts } = subject
  const unknown = unknownCosts > 0 ? `the cost of ${unknownCosts} succeeded items is unknown` : null
  return [
    {
      rule: 'COMPLETED',
      metric: null,
      passed: subject.completed,
      limit: null,
      actual: null,
      reason: `The run is ${subject.status}.`,
    },
    ...gate.minMeans.map((rule) => minMean(rule, gate.maxFailureRate, subject)),
    ...gate.notWorse.map((rule) => notWorse(rule, subject)),
    ...atMost('MAX_FAILURE_RATE', 'The share of failed items', gate.maxFailureRate ?? 0, subject.failureRate),
    ...atMost('MAX_COST', 'The cost in USD', gate.maxCostUsd, subject.costUsd, unknown),
    ...atMost('MAX_AVG_COST', 'The mean cost of an item in USD', gate.maxAvgCostUsd, subject.avgCostUsd, unknown),
    ...atMost('MAX_AVG_LATENCY', 'The mean latency in ms', gate.maxAvgLatencyMs, subject.avgLatencyMs),
    ...atMost('MAX_P95_LATENCY', 'The 95th percentile of latency in ms', gate.maxP95LatencyMs, subject.p95LatencyMs),
  ]
}

function minMean(rule: MinMean, maxFailureRate: number | null, subject: GateSubject): GateCheck {
  const { metric, value, minShare, lowerEnd } = rule
  const check = { rule: 'MIN_MEAN' as const, metric, limit: value }
  const what = `${describeMetric(metric)}${describeCountedAs(rule.as ?? null)}`
  const score = subject.score(rule)
  if (typeof score === 'string') return { ...check, passed: false, actual: null, reason: score }
  if (score?.mean == null) return { ...check, passed: false, actual: null, reason: `There is no score ${what}.` }
  const { mean, interval, count, failures, needed } = score
  const share = minShare ?? 1 - (maxFailureRate ?? 0)
  const isEnough = !isBelow(count, share * needed)
  const enough = isEnough ? '' : `; at least ${shown(Math.ceil(share * needed - tolerance))} must have it`
  const over = count === needed ? '' : ` over ${count} of ${needed} items`
  const failed = failures === 0 ? '' : `, ${failures} failed ones counted as the worst value`
  const range = interval
    ? `95 % interval ${shown(interval.low)} to ${shown(interval.high)}`
    : 'its interval is not known'
  const limit = lowerEnd
    ? ` (${range}); the lower end must be at least ${shown(value)}`
    : `; the minimum is ${shown(value)}`
  const reason = `The mean of ${what} is ${shown(mean)}${over}${failed}${limit}${enough}.`
  const judged = lowerEnd ? (interval?.low ?? Number.NEGATIVE_INFINITY) : mean
  return { ...check, passed: isEnough && !isBelow(judged, value), actual: mean, reason }
}

/** Sums of decimals are not exact: 0.1 + 0.2 is not above 0.3. */
const tolerance = 1e-9

function isBelow(a: number, b: number): boolean {
  return a < b - tolerance * Math.max(1, Math.abs(b))
}

/** For people. */
function shown(value: number): string {
  return String(Number(value.toPrecision(6)))
}

/** Of the items that both runs have, of a metric that must not be worse. */
const defaultMinAlike = 0.9

function notWorse(rule: NotWorse, { comparison }: GateSubject): GateCheck {
  const { metric, margin, question, minShare } = rule
  const check = { rule: 'NOT_WORSE' as const, metric, limit: margin }
  if (comparison === null) {
    return { ...check, passed: false, actual: null, reason: 'There is no baseline: approve one, or name one.' }
  }
  const what = `${describeMetric(metric)}${describeCountedAs(rule.as ?? null)}`
  const compared = comparison(rule)
  if (typeof compared === 'string') return { ...check, passed: false, actual: null, reason: compared }
  if (!compared) return { ...check, passed: false, actual: null, reason: `There is no score ${what}.` }
  const asked = question ?? 'ON_ITEMS_LIKE_THESE'
  const { verdict, reason } = asked === 'ON_THESE_ITEMS' ? compared.onTheseItems : compared
  const { delta, direction, leftOut, pairs } = compared
  const needed = Math.ceil((minShare ?? defaultMinAlike) * (pairs + leftOut) - tolerance)
  const isEnough = leftOut === 0 || pairs >= needed
  const unlike =
    leftOut === 0
      ? ''
      : ` ${leftOut} items are left out: they, or their evaluator, are not as in the baseline${isEnough ? '' : `; at least ${needed} of ${pairs + leftOut} must be`}.`
  return {
    ...check,
    passed: isEnough && (verdict === 'IMPROVED' || verdict === 'EQUIVALENT' || verdict === 'NOT_WORSE'),
    actual: delta,
    reason: `${sentence(verdict, reason, what, marginOf(rule), asked, compared, sizeOf(delta, direction))}${unlike}`,
  }
}

function marginOf({ margin, ofBaseline }: NotWorse): string {
  return ofBaseline ? `${shown(100 * margin)} % of the baseline's mean` : String(margin)
}

function sentence(
  verdict: Verdict,
  reason: InconclusiveReason | null,
  what: string,
  margin: string,
  question: Question,
  { pairsNeeded }: Compared,
  size: string,
): string {
  const What = what.charAt(0).toUpperCase() + what.slice(1)
  const where = question === 'ON_THESE_ITEMS' ? ' on these items' : ''
  switch (verdict) {
    case 'IMPROVED':
      return `${What} is better than in the baseline${where} (${size}).`
    case 'EQUIVALENT':
      return `${What} is within ${margin} of the baseline${where} (${size}).`
    case 'NOT_WORSE':
      return `A loss of ${what} larger than ${margin}${where} is ruled out (${size}).`
    case 'REGRESSED':
      return `${What} is worse than in the baseline${where} (${size}); the margin is ${margin}.`
    case 'INCONCLUSIVE':
      return `It is undecided whether ${what} is within ${margin} of the baseline${where} (${size})${because(reason, question, pairsNeeded)}.`
  }
}

function because(reason: InconclusiveReason | null, question: Question, pairsNeeded: number | null): string {
  if (reason === 'STOPPED_EARLY' && question === 'ON_ITEMS_LIKE_THESE') {
    return ': the run was stopped early; finish the run, or ask about these items'
  }
  if (reason === 'MISSING_VALUES') return ': values are missing that could turn it'
  return pairsNeeded === null ? '' : `; about ${pairsNeeded} more pairs would decide it`
}

/** `better by 3`, whichever direction is better. */
function sizeOf(delta: number | null, direction: Direction): string {
  if (delta === null) return 'delta unknown'
  if (delta === 0 || direction === 'NONE') return `delta ${shown(delta)}`
  const isBetter = delta > 0 === (direction === 'HIGHER_IS_BETTER')
  return `${isBetter ? 'better' : 'worse'} by ${shown(Math.abs(delta))}`
}
