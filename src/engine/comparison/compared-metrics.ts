/** The metrics that runs are compared on. */
import type { Run, RunScoreSummary } from '../../db/generated/prisma/client.ts'
import type { MetricValues } from '../../db/sql/comparison/metric-values.ts'
import { type CountedAs, countedAsKey } from '../../domain/counted-as.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import type { Direction, FailurePolicy, ScoreDataType, ScoreSource } from '../../domain/evaluation.ts'
import { failureValue, type LackingRule } from '../../domain/lacking-values.ts'
import {
  describeMetric,
  type Metric,
  type MetricInput,
  metricKey,
  parseMetric,
  scoreMetric,
} from '../../domain/metric.ts'
import type { PrimaryMetrics } from '../../domain/primary-metrics.ts'
import type { RunSettings } from '../../domain/run.ts'
import { hasValue } from '../../domain/score.ts'
import { compareSeries, findSeries } from '../../domain/score-series.ts'

/** A score of the comparison names its source. */
type MetricOfComparison = { kind: 'SCORE'; name: string; source: ScoreSource } | { kind: 'LATENCY' | 'COST' | 'FAILED' }

/** A metric that the runs are compared on. */
export interface ComparedMetric {
  metric: MetricOfComparison
  /** Null unless it is a score. */
  dataType: ScoreDataType | null
  direction: Direction
  /** Highest minus lowest possible value; null without bounds. */
  range: number | null
  /** How failed executions count; null unless it is a score or latency. */
  failurePolicy: FailurePolicy | null
  /** The value of a failed execution; null: it is missing. */
  failuresCountAs: number | null
  /** Of a score, one for each run that has it. */
  lackingRules: LackingRule[]
  /** Another way to count the score; null: as it is. */
  countedAs: CountedAs | null
  /** Executions for which there is only an error of the evaluator. */
  errors: number
  /** Of each run, baseline first, what gave the scores: equal for equal evaluators, null where it is not known. */
  evaluators: readonly (string | null)[]
  /** Of each run, baseline first, the rules of the score that it pinned: equal for equal rules; null without it. */
  rules: readonly (string | null)[]
  margin: number
  /** Whether `margin` is a share of the mean of the baseline. */
  marginIsShare: boolean
  /** Whether a verdict is wanted: scores and failures always, latency and cost if they are named. */
  asked: boolean
  /** Position among the primary metrics, from 0, and its weight; null: it is not one. */
  primary: { rank: number; weight: number } | null
}

type MetricOfRuns = Omit<ComparedMetric, 'margin' | 'marginIsShare' | 'asked' | 'primary'>

/**
 * All scores of all the runs by name, then latency, cost and failures.
 * @param latencyFailures what failed calls count as in latency
 */
export function metricsOf(
  runs: readonly Run[],
  summaries: readonly RunScoreSummary[],
  definitions: ReadonlyMap<string, string>,
  latencyFailures: FailurePolicy = 'MISSING',
): MetricOfRuns[] {
  const newestFirst = runs.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1))
  const bySeries = Map.groupBy(summaries, ({ name, source }) => metricKey(scoreMetric(name, source)))
  const measured = {
    dataType: null,
    direction: 'LOWER_IS_BETTER',
    range: null,
    failurePolicy: null,
    failuresCountAs: null,
    errors: 0,
    evaluators: [],
    rules: [],
    countedAs: null,
  } as const
  const latency = {
    failurePolicy: latencyFailures,
    failuresCountAs: latencyFailures === 'WORST' ? Math.max(...runs.map(longestLatency)) : null,
  }
  return [
    ...[...bySeries.values()]
      .map((found) => ({
        ...metricOfSeries(newestFirst, found),
        evaluators: evaluatorsOf(runs, found, definitions),
        rules: rulesOf(runs, found),
      }))
      .sort((a, b) => compareSeries(a.metric, b.metric)),
    { ...measured, ...latency, metric: { kind: 'LATENCY' }, lackingRules: [] },
    { ...measured, metric: { kind: 'COST' }, lackingRules: [] },
    { ...measured, metric: { kind: 'FAILED' }, range: 1, lackingRules: [] },
  ]
}

/** No call of the run took longer, in milliseconds. */
export function longestLatency({ settings, latencyMax }: Pick<Run, 'settings' | 'latencyMax'>): number {
  return Math.max((settings as unknown as RunSettings).timeoutMs, latencyMax ?? 0)
}

function evaluatorsOf(
  runs: readonly Run[],
  found: readonly RunScoreSummary[],
  definitions: ReadonlyMap<string, string>,
): (string | null)[] {
  return runs.map((run) => {
    const id = found.find((summary) => summary.runId === run.id)?.evaluatorVersionId ?? null
    return id === null ? null : (definitions.get(id) ?? id)
  })
}

function rulesOf(runs: readonly Run[], found: readonly RunScoreSummary[]): (string | null)[] {
  return runs.map((run) => {
    const summary = found.find(({ runId }) => runId === run.id)
    if (!summary) return null
    const { dataType, direction, lowest, highest, failurePolicy } = summary
    return JSON.stringify([dataType, direction, lowest, highest, failurePolicy])
  })
}

/**
 * The rules that each run has pinned apply. They may have changed between the runs: the type, the direction and what
 * failures count as are those of the newest run, whichever is the baseline, and the range is that of all of them together.
 */
function metricOfSeries(newestFirst: readonly Run[], found: readonly RunScoreSummary[]) {
  const summaryOf = (run: Run) => found.find((summary) => summary.runId === run.id)
  const newest = newestFirst.map(summaryOf).find((summary) => summary !== undefined) as RunScoreSummary
  const { name, source, dataType, failurePolicy } = newest
  const direction = hasValue(dataType) ? newest.direction : ('NONE' as const)
  const bounds = boundsOf(dataType, found)
  const { lowest, highest } = bounds
  const value = failureValue(failurePolicy, direction, bounds)
  const rules = newestFirst.flatMap((run) => {
    const summary = summaryOf(run)
    return summary ? [{ ...lackingRuleOf(run, summary), ...bounds, value }] : []
  })
  return {
    metric: { kind: 'SCORE', name, source } as const,
    dataType,
    direction,
    range: lowest === null || highest === null ? null : highest - lowest,
    failurePolicy,
    failuresCountAs: value,
    countedAs: null,
    lackingRules: distinct(rules),
    errors: found.reduce((sum, { errorCount }) => sum + errorCount, 0),
  }
}

/** A run may be compared with itself. */
function distinct(rules: readonly LackingRule[]): LackingRule[] {
  return [...new Map(rules.map((rule) => [rule.runId, rule])).values()]
}

/** What an execution of the run counts as that lacks a value of this series, by the rules that the run pinned. */
export function lackingRuleOf(run: Run, summary: RunScoreSummary): LackingRule {
  const { name, source, dataType, direction, failurePolicy, count, errorCount } = summary
  const bounds = boundsOf(dataType, [summary])
  const value = hasValue(dataType) ? failureValue(failurePolicy, direction, bounds) : null
  return { runId: run.id, name, source, value, ...bounds, applies: count + errorCount >= run.succeeded }
}

/** The values of a metric: categories and texts have labels and no numbers. */
export function valuesOf({ metric, dataType }: Pick<ComparedMetric, 'metric' | 'dataType'>): MetricValues {
  if (metric.kind !== 'SCORE') return metric
  return { kind: dataType !== null && hasValue(dataType) ? 'SCORE' : 'LABEL', name: metric.name, source: metric.source }
}

/** Of all runs together. */
function boundsOf(
  dataType: ScoreDataType,
  summaries: readonly RunScoreSummary[],
): { lowest: number | null; highest: number | null } {
  if (dataType === 'BOOLEAN') return { lowest: 0, highest: 1 }
  if (dataType !== 'NUMERIC') return { lowest: null, highest: null }
  const lowest = summaries.map((summary) => summary.lowest)
  const highest = summaries.map((summary) => summary.highest)
  return {
    lowest: lowest.includes(null) ? null : Math.min(...lowest.map(Number)),
    highest: highest.includes(null) ? null : Math.max(...highest.map(Number)),
  }
}

/** How much worse a metric may be: in its own units, or as a share of the mean of the baseline. */
export interface MarginInput {
  metric: MetricInput
  margin: number
  ofBaseline?: boolean | null
}

/** @throws {InvalidInputError} an invalid margin, or of a metric that the runs do not have */
export function withMargins(
  metrics: readonly MetricOfRuns[],
  margin: number,
  margins: readonly MarginInput[],
): ComparedMetric[] {
  checkMargin(margin, ['margin'])
  const own = new Map<string, MarginInput>()
  for (const [index, given] of margins.entries()) {
    const { metric, margin } = given
    const path = ['margins', String(index)]
    checkMargin(margin, [...path, 'margin'])
    const at = [...path, 'metric']
    const key = metricKey(metricIn(metrics, parseMetric(metric, at), at).metric)
    if (own.has(key)) throw new InvalidInputError('Expected every metric once, got this one twice.', at)
    own.set(key, given)
  }
  return metrics.map((compared) => {
    const key = metricKey(compared.metric)
    return {
      ...compared,
      margin: own.get(key)?.margin ?? (valuesOf(compared).kind === 'SCORE' ? margin : 0),
      marginIsShare: own.get(key)?.ofBaseline ?? false,
      asked: own.has(key) || (compared.metric.kind !== 'LATENCY' && compared.metric.kind !== 'COST'),
      primary: null,
    }
  })
}

/**
 * @param required whether a metric that the runs do not have, or that is named twice, is refused, or left out
 * @throws {InvalidInputError} such a metric, or one that is named twice
 */
export function withPrimary(
  metrics: readonly ComparedMetric[],
  { metrics: named, weights }: PrimaryMetrics,
  required: boolean,
): ComparedMetric[] {
  const ranks = new Map<ComparedMetric, ComparedMetric['primary']>()
  for (const [rank, metric] of named.entries()) {
    const path = ['primaryMetrics', 'metrics', String(rank)]
    const found = required ? metricIn(metrics, metric, path) : findMetric(metrics, metric)
    if (!found) continue
    if (ranks.has(found)) {
      if (!required) continue
      throw new InvalidInputError('Expected every metric once, got this one twice.', path)
    }
    ranks.set(found, { rank, weight: weights?.[rank] ?? 1 })
  }
  return metrics.map((metric) => {
    const primary = ranks.get(metric)
    return primary ? { ...metric, asked: true, primary } : metric
  })
}

export function checkMargin(margin: number, path: string[]): void {
  if (margin >= 0 && Number.isFinite(margin)) return
  throw new InvalidInputError(`Expected a margin of 0 or more, got ${margin}.`, path)
}

type Named = Pick<ComparedMetric, 'metric'> & { countedAs?: CountedAs | null }

/** The metric among those of a comparison, a score without a source the preferred one of its name. */
export function findMetric<M extends Named>(
  metrics: readonly M[],
  wanted: Metric,
  countedAs: CountedAs | null = null,
): M | undefined {
  if (wanted.kind !== 'SCORE') return metrics.find(({ metric }) => metric.kind === wanted.kind)
  const key = countedAsKey(countedAs)
  const scores = metrics.flatMap((compared) =>
    compared.metric.kind === 'SCORE' && countedAsKey(compared.countedAs ?? null) === key
      ? [{ ...compared.metric, compared }]
      : [],
  )
  return findSeries(scores, wanted)?.compared
}

/** As {@link findMetric}. @throws {InvalidInputError} listing them */
export function metricIn<M extends Named>(metrics: readonly M[], wanted: Metric, path: string[]): M {
  const found = findMetric(metrics, wanted)
  if (found) return found
  const known = metrics.filter(({ countedAs }) => !countedAs).map(({ metric }) => describeMetric(metric))
  throw new InvalidInputError(
    `Expected a metric of these runs (${known.join(', ')}), got ${describeMetric(wanted)}.`,
    path,
  )
}
