/** Scores counted in another way: pass@k and pass^k of repetitions, and labels that are a success. */
import type { Run } from '../../db/generated/prisma/client.ts'
import { executionStatus } from '../../db/sql/comparison/load-run-columns.ts'
import {
  type CountedAs,
  type CountedAsInput,
  countedAsKey,
  describeCountedAs,
  parseCountedAs,
} from '../../domain/counted-as.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import { describeMetric, type MetricInput, metricKey, parseMetric } from '../../domain/metric.ts'
import { passAtLeastOnce, passEveryTime } from '../../domain/statistics/pass-at.ts'
import { type ComparedMetric, checkMargin, metricIn } from './compared-metrics.ts'
import { averageExecutions, type ItemValues } from './item-values.ts'
import { repetitionsOf } from './repetitions.ts'
import type { RunLabels } from './run-labels.ts'
import type { RunValues } from './run-values.ts'

export interface CountedScoreInput {
  metric: MetricInput
  as: CountedAsInput
  /** In shares of 1; default 0. */
  margin?: number | null
}

const maxCounted = 20

/**
 * The metrics with those that are also counted in another way, each after its score.
 * @throws {InvalidInputError} a metric that the runs do not have, or that cannot be counted so, or the same twice
 */
export function withCounted(
  metrics: readonly ComparedMetric[],
  runs: readonly Run[],
  counted: readonly CountedScoreInput[],
): ComparedMetric[] {
  if (counted.length > maxCounted) {
    throw new InvalidInputError(`Expected at most ${maxCounted} scores, got ${counted.length}.`, ['counted'])
  }
  const added = counted.map(({ metric, as, margin }, index): ComparedMetric => {
    const path = ['counted', String(index)]
    checkMargin(margin ?? 0, [...path, 'margin'])
    const countedAs = parseCountedAs(as, [...path, 'as'])
    const score = metricIn(metrics, parseMetric(metric, [...path, 'metric']), [...path, 'metric'])
    return { ...countedMetric(score, runs, countedAs, path), margin: margin ?? 0 }
  })
  const keys = added.map(keyOf)
  const twice = keys.findIndex((key, index) => keys.indexOf(key) < index)
  if (twice >= 0) {
    throw new InvalidInputError('Expected every score once in each way, got this one twice.', [
      'counted',
      String(twice),
    ])
  }
  return metrics.flatMap((metric) => [
    metric,
    ...added.filter((one) => metricKey(one.metric) === metricKey(metric.metric)),
  ])
}

function keyOf({ metric, countedAs }: ComparedMetric): string {
  return JSON.stringify([metricKey(metric), countedAsKey(countedAs)])
}

/**
 * A score counted in another way: a share from 0 to 1, of which more is better.
 * @throws {InvalidInputError} of a score of another type, or with fewer repetitions than tries
 */
export function countedMetric(
  score: ComparedMetric,
  runs: readonly Run[],
  countedAs: CountedAs,
  path: readonly string[],
): ComparedMetric {
  const { metric, dataType } = score
  const [expected, member] = countedAs.pass ? (['BOOLEAN', 'pass'] as const) : (['CATEGORICAL', 'success'] as const)
  if (metric.kind !== 'SCORE' || dataType !== expected) {
    const got = metric.kind === 'SCORE' ? `${describeMetric(metric)}, which is ${dataType}` : describeMetric(metric)
    throw new InvalidInputError(`Expected a ${expected} score for "${member}", got ${got}.`, [...path, 'metric'])
  }
  const fewest = Math.min(...runs.map(repetitionsOf))
  if (countedAs.pass && countedAs.pass.k > fewest) {
    throw new InvalidInputError(
      `Expected at most as many tries as the ${fewest} repetitions of the runs, got ${countedAs.pass.k}.`,
      [...path, 'as', 'pass', 'k'],
    )
  }
  return {
    ...score,
    ...{
      countedAs,
      direction: 'HIGHER_IS_BETTER',
      range: 1,
      margin: 0,
      marginIsShare: false,
      asked: true,
      primary: null,
    },
    failuresCountAs: score.failurePolicy === 'REFUSE' ? null : 0,
    // Which value of a yes/no score is a success.
    lackingRules: score.lackingRules.map((rule) => ({ ...rule, value: score.direction === 'LOWER_IS_BETTER' ? 1 : 0 })),
  }
}

/** For people: the score, and how it is counted. */
export function describeCompared({ metric, countedAs }: Pick<ComparedMetric, 'metric' | 'countedAs'>): string {
  return `${describeMetric(metric)}${describeCountedAs(countedAs)}`
}

/** What one execution was; UNKNOWN: it failed where that does not count, or its evaluator did. */
type Outcome = 'SUCCESS' | 'FAILURE' | 'UNKNOWN'

/** @param labels of the run, for labels that are a success */
export function countedValues(values: RunValues, metric: ComparedMetric, labels: RunLabels | null): ItemValues {
  const { repetitions, statuses, itemIds } = values
  const outcomeOf = outcomes(values, metric, labels)
  const rule = metric.lackingRules.find(({ runId }) => runId === values.run.id)
  const isKnown = (ordinal: number) => statuses[ordinal] === executionStatus.SUCCEEDED || (rule?.applies ?? false)
  const pass = metric.countedAs?.pass
  if (!pass) {
    return averageExecutions(
      itemIds.length,
      statuses.length,
      (ordinal) => Math.floor(ordinal / repetitions),
      (ordinal) => {
        const outcome = outcomeOf(ordinal)
        if (outcome === null) return null
        if (outcome === 'UNKNOWN') return { value: Number.NaN, lowest: 0, highest: 1, known: isKnown(ordinal) }
        const value = outcome === 'SUCCESS' ? 1 : 0
        return { value, lowest: value, highest: value, known: isKnown(ordinal) }
      },
    )
  }
  const estimate = pass.every ? passEveryTime : passAtLeastOnce
  const none = () => new Float64Array(itemIds.length).fill(Number.NaN)
  const result: ItemValues = { value: none(), lowest: none(), highest: none(), known: new Uint8Array(itemIds.length) }
  for (let item = 0; item < itemIds.length; item++) {
    let [tries, successes, unknown] = [0, 0, 0]
    for (let ordinal = item * repetitions; ordinal < (item + 1) * repetitions; ordinal++) {
      const outcome = outcomeOf(ordinal)
      if (outcome === null) continue
      if (isKnown(ordinal)) result.known[item] = 1
      if (outcome === 'UNKNOWN') unknown += 1
      else tries += 1
      if (outcome === 'SUCCESS') successes += 1
    }
    if (tries >= pass.k) result.value[item] = estimate(tries, successes, pass.k)
    if (tries + unknown < pass.k) continue
    result.lowest[item] = estimate(tries + unknown, successes, pass.k)
    result.highest[item] = estimate(tries + unknown, successes + unknown, pass.k)
  }
  return result
}

/** Of executions by ordinal; null: nothing was to be scored. */
function outcomes(
  { statuses, series, scoreOf }: RunValues,
  { metric, countedAs, failuresCountAs, lackingRules }: ComparedMetric,
  labels: RunLabels | null,
): (ordinal: number) => Outcome | null {
  const failed = (ordinal: number): Outcome | null =>
    statuses[ordinal] !== executionStatus.FAILED ? null : failuresCountAs === null ? 'UNKNOWN' : 'FAILURE'
  if (metric.kind !== 'SCORE') return () => null
  const isSame = (one: { name: string; source: string }) => one.name === metric.name && one.source === metric.source
  if (countedAs?.success) {
    const good = new Set(countedAs.success)
    return (ordinal) => {
      const label = labels?.labelOf(metric, ordinal)
      if (label === undefined) return failed(ordinal)
      return label === null ? 'UNKNOWN' : good.has(label) ? 'SUCCESS' : 'FAILURE'
    }
  }
  const index = series.findIndex(isSame)
  const worst = lackingRules[0]?.value ?? 0
  return (ordinal) => {
    const score = scoreOf(index, ordinal)
    if (score === null) return failed(ordinal)
    // Of several people: most of them.
    return Number.isNaN(score) ? 'UNKNOWN' : Math.abs(score - worst) > 0.5 ? 'SUCCESS' : 'FAILURE'
  }
}
