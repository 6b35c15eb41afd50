import type { ReadableDatabase } from '../../db/client.ts'
import type { Run } from '../../db/generated/prisma/client.ts'
import { loadLabelPairs } from '../../db/sql/comparison/load-labels.ts'
import { decideEarly, type EarlyStop, questionOf } from '../../domain/early-stop.ts'
import type { Direction } from '../../domain/evaluation.ts'
import { metricKey } from '../../domain/metric.ts'
import { isFinished } from '../../domain/run.ts'
import type { SeriesKey } from '../../domain/score-series.ts'
import { concludeOnItems, type Verdict } from '../../domain/statistics/conclusion.ts'
import type { Interval } from '../../domain/statistics/interval.ts'
import type { MetricFigures } from '../../domain/statistics/paired-comparison.ts'
import { meanOf } from '../../domain/statistics/stable-moments.ts'
import { type Decision, decideVerdicts, type InconclusiveReason } from '../../domain/statistics/verdict.ts'
import { type ComparedMetric, findMetric, valuesOf } from './compared-metrics.ts'
import { alignCandidate, itemValuesOf, loadComparedValues } from './compared-values.ts'
import { type Comparison, isComplete, isScoredAlike, isStoppedEarly, usedVersions } from './comparison.ts'
import type { ItemValues } from './item-values.ts'
import { figuresOf, labelFigures, pairValues, unfinished } from './metric-figures.ts'
import { commonItemIds, type RunValues } from './run-values.ts'
import type { ComparisonSequences, SequenceState } from './sequences.ts'

/** The comparison of one metric of one candidate with the baseline. */
export interface MetricComparison
  extends Omit<
      ComparedMetric,
      'lackingRules' | 'errors' | 'evaluators' | 'rules' | 'marginIsShare' | 'asked' | 'primary'
    >,
    Omit<MetricFigures, 'direction' | 'differenceStddev' | 'robust'>,
    Decision {
  candidate: Run
  /** Items of both runs that are left out, because they or their scores are not alike. */
  leftOut: number
  /** Of `missing`: not executed in both runs. */
  notExecuted: number
  /** Anytime-valid; null for metrics without bounds, before the first pair, and when pairs contradict each other. */
  sequence: Interval | null
  /** Pairs in the sequence. */
  sequencePairs: number
  /** The comparison stopped a run because of its result, so that deltas are larger than they should be. */
  selected: boolean
  onTheseItems: OnTheseItems
}

/** The answer to whether the candidate is better on exactly these items. */
export interface OnTheseItems {
  verdict: Verdict
  /** For `INCONCLUSIVE` only. */
  reason: InconclusiveReason | null
  /** Of the mean difference over all of them; a single value once all are executed and nothing is lacking. */
  interval: Interval | null
}

/**
 * Compares every metric of every candidate with the baseline: metric by metric, candidate by candidate. Costs four
 * statements at any size, and reading the pairs that the sequences have not seen yet. Empty without a baseline.
 *
 * Interval, p value and verdict come from the fixed-n statistics, which only hold once both runs have ended, and not for
 * a run that its comparison stopped. Otherwise interval and p value are null and the sequence decides (for a stopped run
 * only about the metric and the question that it was stopped for). On exactly these items the sequence may decide while
 * they execute; at the end nothing is left to chance.
 */
export async function compareMetrics(
  db: ReadableDatabase,
  sequences: ComparisonSequences,
  comparison: Comparison,
): Promise<MetricComparison[]> {
  const { baseline, candidates, runs, procedure } = comparison
  if (!baseline) return []
  const used = usedVersions(comparison)
  const isAlike = (metric: ComparedMetric, index: number) => comparison.includesUnlike || isScoredAlike(metric, index)
  const hasNumbers = (metric: ComparedMetric) => metric.countedAs !== null || valuesOf(metric).kind !== 'LABEL'
  const labelSeries = comparison.metrics.flatMap((metric) =>
    !hasNumbers(metric) && metric.metric.kind === 'SCORE' ? [metric.metric] : [],
  )
  const runIds = runs.map((run) => run.id)
  const [values, labels] = await Promise.all([
    loadComparedValues(db, comparison),
    labelSeries.length > 0 ? loadLabelPairs(db.pool, runIds, labelSeries, used) : [],
  ])
  const isUnknown = ({ metric, range }: ComparedMetric) => range === null && metric.kind !== 'LATENCY'
  const ofBaseline = values.runs[0] as RunValues
  const baselineItems = comparison.metrics.map((metric) =>
    hasNumbers(metric) ? itemValuesOf(values, 0, metric) : null,
  )
  const metrics = comparison.metrics.map((metric, place) => withMarginInUnits(metric, baseline, baselineItems[place]))

  const perCandidate = await Promise.all(
    candidates.map(async (candidate, index) => {
      const ofCandidate = values.runs[index + 1] as RunValues
      const changed = values.changed[index] ?? new Set<number>()
      const { aligned, clusters } = alignCandidate(values, index)
      const own = withMarginOfStop(metrics, baseline, candidate)
      const states = await sequences.read(
        baseline,
        candidate,
        own.filter((metric) => metric.countedAs === null && isAlike(metric, index)),
        usedVersions(comparison, candidate),
        db.pool,
        {
          ...{ baseline: ofBaseline, candidate: ofCandidate, changed, clusters: values.clusters },
          itemIds: commonItemIds(ofBaseline, ofCandidate),
        },
        comparison.clusterPath,
      )
      return own.map((metric, place) => {
        const before = baselineItems[place]
        const figures = before
          ? figuresOf(
              metric,
              pairValues(before, itemValuesOf(values, index + 1, metric), aligned),
              aligned.items,
              isUnknown(metric),
              clusters,
            )
          : labelFigures(
              labels.find(({ run, ...pairs }) => run === index + 2 && isSameSeries(pairs, metric)),
              aligned.items,
            )
        const complete = isComplete(baseline, candidate)
        const isScored = isAlike(metric, index)
        const found = isScored ? figures : nothingCompared(figures)
        return {
          ...{ metric, candidate, complete, aligned, figures: complete ? found : unfinished(found) },
          leftOut: aligned.changed + (isScored ? 0 : figures.pairs),
          state: metric.countedAs ? null : (states.get(metricKey(metric.metric)) ?? null),
        }
      })
    }),
  )
  type Compared = (typeof perCandidate)[number][number]
  const compared = metrics.flatMap((_, place) => perCandidate.map((own) => own[place] as Compared))
  const decisions = decideVerdicts(
    compared.map(({ figures, metric }) => ({
      figures,
      margin: metric.margin,
      asked: metric.asked,
      refusesLacking: metric.failurePolicy === 'REFUSE',
      primary: metric.primary,
    })),
    procedure,
  )
  return compared.map(({ metric, candidate, complete, aligned, figures, leftOut, state }, index) => {
    const { direction: _, differenceStddev: __, robust: ___, ...shown } = figures
    const {
      lackingRules: ____,
      errors: _____,
      evaluators: ______,
      rules: _______,
      asked,
      primary,
      ...described
    } = metric
    const selected = isStoppedEarly(baseline) || isStoppedEarly(candidate)
    return {
      ...described,
      ...shown,
      ...(complete ? (decisions[index] as Decision) : openDecision(baseline, candidate, metric, state)),
      candidate,
      leftOut,
      notExecuted: aligned.items - aligned.executed,
      sequence: state?.interval ?? null,
      sequencePairs: state?.pairs ?? 0,
      selected,
      onTheseItems:
        complete && aligned.executed === aligned.baseline.length
          ? onAllItems(metric, figures)
          : onItemsSoFar(metric, state, selected),
    }
  })
}

/** A margin that is a share of the baseline's mean is only known when the baseline has finished: until then there is none. */
function withMarginInUnits(
  metric: ComparedMetric,
  baseline: Run,
  items: ItemValues | null | undefined,
): ComparedMetric {
  if (!metric.marginIsShare || !items) return metric
  const mean = isFinished(baseline.status) ? meanOf(items.value.filter((value) => !Number.isNaN(value))) : 0
  return { ...metric, margin: metric.margin * Math.abs(mean) }
}

function isSameSeries({ name, source }: SeriesKey, { metric }: ComparedMetric): boolean {
  return metric.kind === 'SCORE' && metric.name === name && metric.source === source
}

/** The figures without any pair, where all of them are left out. */
function nothingCompared({ direction, missing }: MetricFigures): MetricFigures {
  return {
    ...{ direction, missing, pairs: 0, improved: 0, regressed: 0, unchanged: 0, lacking: 0 },
    ...{ baselineMean: null, candidateMean: null, delta: null, interval: null, pValue: null, method: null },
    ...{ bounds: null, robust: { interval: null, pValue: null }, differenceStddev: null },
    clusters: null,
  }
}

const undecided = {
  ...{ adjustedPValue: null, familySize: null, pairsNeeded: null, pairsNeededRange: null, detectable: null },
} as const

/** The rule that stopped the candidate, if it was about the comparison with this baseline. */
function ruleOfStop(baseline: Run, candidate: Run): EarlyStop | null {
  const rule = candidate.earlyStop as EarlyStop | null
  return isStoppedEarly(candidate) && rule?.baselineId === baseline.id ? rule : null
}

/** Unless another margin is asked for, a run is judged by the one that it was stopped for. */
function withMarginOfStop(metrics: readonly ComparedMetric[], baseline: Run, candidate: Run): ComparedMetric[] {
  const rule = ruleOfStop(baseline, candidate)
  const stopped = rule && findMetric(metrics, rule.metric)
  return metrics.map((metric) =>
    rule && metric === stopped && metric.margin === 0 ? { ...metric, margin: rule.margin } : metric,
  )
}

/** The verdict that a run was stopped for, if this is the comparison that stopped it and this its question. */
function openDecision(baseline: Run, candidate: Run, metric: ComparedMetric, state: SequenceState | null): Decision {
  const { direction, margin } = metric
  const rule = ruleOfStop(baseline, candidate)
  const isDecided =
    rule && questionOf(rule) === 'ON_ITEMS_LIKE_THESE' && findMetric([metric], rule.metric) !== undefined
  const verdict = isDecided && state ? decideEarly(state.sides, direction, margin, questionOf(rule)) : 'INCONCLUSIVE'
  const reason = reasonWhileOpen(direction, isStoppedEarly(baseline) || isStoppedEarly(candidate))
  return { ...undecided, verdict, reason: verdict === 'INCONCLUSIVE' ? reason : null }
}

function reasonWhileOpen(direction: Direction, isStopped: boolean): InconclusiveReason {
  if (direction === 'NONE') return 'NO_DIRECTION'
  return isStopped ? 'STOPPED_EARLY' : 'NOT_FINISHED'
}

/** Both runs have executed all items that they share. */
function onAllItems(
  { direction, margin, failurePolicy }: ComparedMetric,
  { pairs, lacking, bounds }: MetricFigures,
): OnTheseItems {
  const refused = failurePolicy === 'REFUSE' && lacking > 0
  const verdict = refused ? 'INCONCLUSIVE' : concludeOnItems(bounds, direction, margin)
  const reason = direction === 'NONE' ? 'NO_DIRECTION' : pairs === 0 ? 'NO_PAIRS' : 'MISSING_VALUES'
  return { verdict, reason: verdict === 'INCONCLUSIVE' ? reason : null, interval: bounds }
}

function onItemsSoFar(
  { direction, margin }: ComparedMetric,
  state: SequenceState | null,
  isStopped: boolean,
): OnTheseItems {
  const verdict = state ? decideEarly(state.onItems.sides, direction, margin, 'ON_THESE_ITEMS') : 'INCONCLUSIVE'
  return {
    verdict,
    reason: verdict === 'INCONCLUSIVE' ? reasonWhileOpen(direction, isStopped) : null,
    interval: state?.onItems.interval ?? null,
  }
}
