/** How far the scores of an evaluator agree with what people say of the same outputs. */
import type { ScoreDataType } from '../evaluation.ts'
import { executionScore } from '../score-series.ts'
import type { Interval } from '../statistics/interval.ts'
import { studentQuantile } from '../statistics/student-t.ts'
import { cohenKappa, type Kappa } from './cohen-kappa.ts'
import { type Confusion, confusionOf, type Rates, ratesOf } from './confusion.ts'
import { type Alpha, krippendorffAlpha } from './krippendorff.ts'
import { type Proportion, weightedProportion } from './proportion.ts'
import { effectiveCount, weightedError, weightedMean } from './weights.ts'

export interface GivenValue {
  value: number | null
  label: string | null
}

/** An output that the evaluator has scored, and at least one person. */
export interface JudgedItem {
  judge: GivenValue
  people: readonly GivenValue[]
  /** How many outputs it stands for: the inverse of the probability with which it came to be labelled. */
  weight: number
  outputBytes: number | null
  tags: readonly string[]
}

/** An estimate with its 95 % interval. */
export interface Estimate {
  value: number
  interval: Interval
}

export interface TagFigures {
  tag: string
  items: number
  agreement: Proportion
  /** Mean of evaluator − people; null of labels. */
  bias: number | null
}

export interface JudgeFigures {
  /** Those with a verdict of the evaluator and one of people, who may disagree among themselves without a majority. */
  items: number
  /** Of labels, and of at most 20 different values; null for more. */
  confusion: Confusion | null
  agreement: Proportion | null
  /** Of values in an order with quadratic weights. */
  kappa: Kappa | null
  /** Of BOOLEAN scores. */
  rates: Rates | null
  /** Of all raters, the evaluator one among them; and of people alone. */
  alpha: Alpha
  alphaOfPeople: Alpha
  /** Pearson's, of values. */
  correlation: number | null
  /** Mean of evaluator − people, of values. */
  bias: Estimate | null
  /** By how much evaluator − people grows with every 1,000 bytes of the output, of values. */
  lengthSlope: Estimate | null
  byTag: TagFigures[]
}

const maxLabels = 20
const maxTags = 50

/**
 * All but α, which is about raters and not about outputs, and the counts, are weighted; intervals are as wide as of so many
 * outputs as the weights are worth.
 * @param labels of the evaluator, in their order; of values, the values
 */
export function judgeFigures(
  judged: readonly JudgedItem[],
  dataType: ScoreDataType,
  labels: readonly string[] = [],
): JudgeFigures {
  const hasValue = dataType === 'NUMERIC' || dataType === 'BOOLEAN'
  const pairs = judged.flatMap((item): Pair[] => {
    const { value: mean, label } = executionScore(item.people.map((person) => ({ ...person, failed: false })))
    const value = dataType === 'BOOLEAN' ? majorityOf(mean) : mean
    const [judge, human] = [keyOf(item.judge, hasValue), keyOf({ value, label }, hasValue)]
    return judge === null || human === null
      ? []
      : [{ item, judge, human, weight: item.weight, judgeValue: item.judge.value, humanValue: value }]
  })
  const named = [...new Set([...labels, ...pairs.flatMap(({ judge, human }) => [judge, human])])]
  const order = hasValue ? named.sort((a, b) => Number(a) - Number(b)) : named
  const isLabelled = order.length <= maxLabels
  const confusion = isLabelled ? confusionOf(pairs, order) : null
  const values = hasValue ? pairs.flatMap(valuePair) : []
  return {
    items: pairs.length,
    confusion,
    agreement: isLabelled ? agreementOf(pairs) : null,
    kappa: confusion && cohenKappa(weightedCounts(pairs, order), dataType === 'NUMERIC' ? 'QUADRATIC' : 'NONE'),
    rates:
      dataType === 'BOOLEAN'
        ? ratesOf(pairs.map(({ judge, human, weight }) => ({ judge: judge === '1', human: human === '1', weight })))
        : null,
    alpha: alphaOf(
      judged.map(({ judge, people }) => [judge, ...people]),
      dataType,
    ),
    alphaOfPeople: alphaOf(
      judged.map(({ people }) => people),
      dataType,
    ),
    correlation: correlationOf(values),
    bias: meanOf(
      values.map(({ judge, human }) => judge - human),
      values.map(({ weight }) => weight),
    ),
    lengthSlope: slopeOf(
      values.flatMap(({ judge, human, outputBytes, weight }) =>
        outputBytes === null ? [] : [{ x: outputBytes / 1_000, y: judge - human, weight }],
      ),
    ),
    byTag: tagFigures(pairs, hasValue),
  }
}

interface Pair {
  item: JudgedItem
  judge: string
  human: string
  weight: number
  judgeValue: number | null
  humanValue: number | null
}

/** What most people say, of the mean of yes and no; null where as many say the one as the other. */
function majorityOf(mean: number | null): number | null {
  return mean === null || mean === 0.5 ? null : Math.round(mean)
}

function keyOf({ value, label }: GivenValue, hasValue: boolean): string | null {
  if (!hasValue) return label
  return value === null ? null : String(value)
}

function valuePair({ judgeValue, humanValue, item, weight }: Pair) {
  if (judgeValue === null || humanValue === null) return []
  return { judge: judgeValue, human: humanValue, outputBytes: item.outputBytes, weight }
}

function agreementOf(pairs: readonly Pair[]): Proportion {
  return weightedProportion(pairs.map(({ judge, human, weight }) => ({ counts: judge === human, weight })))
}

/** Of as many pairs as the weights are worth, and no others' counts: those of a table that κ is computed from. */
function weightedCounts(pairs: readonly Pair[], order: readonly string[]): number[][] {
  const place = new Map(order.map((label, index) => [label, index]))
  const counts = order.map(() => order.map(() => 0))
  const weights = pairs.map(({ weight }) => weight)
  const scale = effectiveCount(weights) / weights.reduce((sum, weight) => sum + weight, 0)
  for (const { human, judge, weight } of pairs) {
    const row = counts[place.get(human) as number] as number[]
    const column = place.get(judge) as number
    row[column] = (row[column] ?? 0) + weight * scale
  }
  return counts
}

/** A person who gives several verdicts counts as several. */
export function alphaOf(units: readonly (readonly GivenValue[])[], dataType: ScoreDataType): Alpha {
  const hasValue = dataType === 'NUMERIC' || dataType === 'BOOLEAN'
  const codes = new Map<string, number>()
  const codeOf = (label: string) => codes.get(label) ?? codes.set(label, codes.size).size - 1
  const coded = units.map((values) =>
    values.flatMap(({ value, label }) => (hasValue ? (value ?? []) : label === null ? [] : codeOf(label))),
  )
  return krippendorffAlpha(coded, dataType === 'NUMERIC' ? 'INTERVAL' : 'NOMINAL')
}

function correlationOf(pairs: readonly { judge: number; human: number; weight: number }[]): number | null {
  const line = leastSquares(pairs.map(({ judge, human, weight }) => ({ x: judge, y: human, weight })))
  return line && line.squaresY > 0 ? line.products / Math.sqrt(line.squaresX * line.squaresY) : null
}

function meanOf(values: readonly number[], weights: readonly number[]): Estimate | null {
  if (values.length < 2) return null
  return estimate(weightedMean(values, weights), weightedError(values, weights), effectiveCount(weights) - 1)
}

interface Point {
  x: number
  y: number
  weight: number
}

/** The slope of a straight line, by least squares; with unequal weights with a robust error (White's, HC1). */
function slopeOf(points: readonly Point[]): Estimate | null {
  const line = points.length < 3 ? null : leastSquares(points)
  if (!line) return null
  const { slope, squaresX, squaresY, products, meanX, meanY } = line
  const degrees = points.length - 2
  if (points.every(({ weight }) => weight === points[0]?.weight)) {
    const residual = Math.max(0, squaresY - slope * products) / (points[0]?.weight ?? 1)
    return estimate(slope, Math.sqrt(residual / degrees / (squaresX / (points[0]?.weight ?? 1))), degrees)
  }
  const meat = points.reduce((sum, { x, y, weight }) => {
    const residual = y - meanY - slope * (x - meanX)
    return sum + (weight * (x - meanX) * residual) ** 2
  }, 0)
  return estimate(slope, Math.sqrt((meat * points.length) / degrees) / squaresX, degrees)
}

function leastSquares(points: readonly Point[]) {
  if (points.length < 2) return null
  const weights = points.map(({ weight }) => weight)
  const [meanX, meanY] = [points.map(({ x }) => x), points.map(({ y }) => y)].map((values) =>
    weightedMean(values, weights),
  ) as [number, number]
  let [squaresX, squaresY, products] = [0, 0, 0]
  for (const { x, y, weight } of points) {
    squaresX += weight * (x - meanX) ** 2
    squaresY += weight * (y - meanY) ** 2
    products += weight * (x - meanX) * (y - meanY)
  }
  return squaresX > 0 ? { slope: products / squaresX, squaresX, squaresY, products, meanX, meanY } : null
}

function estimate(value: number, standardError: number, degrees: number): Estimate {
  const half = studentQuantile(0.975, Math.max(1, degrees)) * standardError
  return { value, interval: { low: value - half, high: value + half } }
}

/** Those with most items first. */
function tagFigures(pairs: readonly Pair[], hasValue: boolean): TagFigures[] {
  const tags = [...new Set(pairs.flatMap(({ item }) => item.tags))]
  return tags
    .map((tag): TagFigures => {
      const own = pairs.filter(({ item }) => item.tags.includes(tag))
      const values = hasValue ? own.flatMap(valuePair) : []
      const weights = values.map(({ weight }) => weight)
      const differences = values.map(({ judge, human }) => judge - human)
      const bias = differences.length === 0 ? null : weightedMean(differences, weights)
      return { tag, items: own.length, agreement: agreementOf(own), bias }
    })
    .sort((a, b) => b.items - a.items || (a.tag < b.tag ? -1 : 1))
    .slice(0, maxTags)
}
