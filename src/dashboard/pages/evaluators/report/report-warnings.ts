/** What somebody should know before believing an evaluator, as sentences. */
import { formatDelta, formatScore, formatShare, plural } from '../../../components/number-format.ts'
import type { Report } from './report-query.ts'

/** Fewer give intervals that decide nothing. */
const minLabels = 30
const minOfAKind = 10
/** Landis and Koch call less than this fair at best. */
const minKappa = 0.4

export function warningsOf(report: Report): string[] {
  return [
    fewLabels(report),
    ...fewOfAKind(report),
    chance(report),
    belowPeople(report),
    disagreeing(report),
    bias(report),
    length(report),
    related(report),
  ].filter((sentence) => sentence !== null)
}

function fewLabels({ items }: Report): string | null {
  if (items >= minLabels) return null
  return `Only ${plural(items, 'output has', 'outputs have')} a verdict of people, too: the intervals are wide. Label at least ${minLabels}, drawn at random.`
}

function fewOfAKind({ items, truePositiveRate: yes, trueNegativeRate: no }: Report): (string | null)[] {
  const rare = (kind: string, count: number | undefined) =>
    count === undefined || count >= minOfAKind || items < minLabels
      ? null
      : `People said ${kind} of only ${plural(count, 'output')}: how often it does so, too, is hardly known.`
  return [rare('yes', yes?.count), rare('no', no?.count)]
}

function chance({ kappa }: Report): string | null {
  if (kappa?.value === null || kappa === null || kappa.value >= minKappa) return null
  return `It agrees with people little more than by chance: κ is ${formatScore(kappa.value, 2)}.`
}

function belowPeople({ alpha, alphaOfPeople: people }: Report): string | null {
  if (alpha.value === null || people.value === null || people.interval === null) return null
  if (alpha.value >= people.interval.low) return null
  return `People agree more with each other (α ${formatScore(people.value, 2)}) than with it (α of all ${formatScore(alpha.value, 2)}).`
}

function disagreeing({ alphaOfPeople: { value } }: Report): string | null {
  if (value === null || value >= minKappa) return null
  return `People do not agree with each other either (α ${formatScore(value, 2)}): say more exactly what is to be judged.`
}

function bias({ bias: found }: Report): string | null {
  if (!found || (found.interval.low <= 0 && found.interval.high >= 0)) return null
  return `Its scores are ${found.value > 0 ? 'higher' : 'lower'} than those of people, by ${formatScore(Math.abs(found.value))} on average.`
}

function length({ lengthSlope }: Report): string | null {
  if (!lengthSlope || (lengthSlope.interval.low <= 0 && lengthSlope.interval.high >= 0)) return null
  return `It likes ${lengthSlope.value > 0 ? 'long' : 'short'} outputs better than people do: ${formatDelta(lengthSlope.value)} for every 1,000 bytes.`
}

function related({ relatedModels }: Report): string | null {
  if (relatedModels.length === 0) return null
  return `It has judged models of its own family, which it may prefer: ${relatedModels.join(', ')}.`
}

/** `71.4 % (45.2 to 88.3)`. */
export function shareWithInterval(share: {
  value: number | null
  interval: { low: number; high: number } | null
}): string {
  if (share.value === null || !share.interval) return '–'
  const end = (value: number) => (value * 100).toFixed(1)
  return `${formatShare(share.value)} (${end(share.interval.low)} to ${end(share.interval.high)})`
}

/** `0.71 (0.45 to 0.88)`. */
export function valueWithInterval(
  estimate: { value: number | null; interval: { low: number; high: number } | null } | null,
  digits = 2,
): string {
  if (!estimate || estimate.value === null) return '–'
  const write = (value: number) => (value < 0 ? `−${formatScore(-value, digits)}` : formatScore(value, digits))
  const { value, interval } = estimate
  return interval ? `${write(value)} (${write(interval.low)} to ${write(interval.high)})` : write(value)
}
