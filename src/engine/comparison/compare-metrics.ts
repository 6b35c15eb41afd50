import type { ReadableDatabase } from '../../db/client.ts'
import type { Run } from '../../db/generated/prisma/client.ts'
import { countChangedItems } from '../../db/sql/comparison/changed-items.ts'
import { countComparedItems } from '../../db/sql/comparison/count-items.ts'
import { loadLabelPairs } from '../../db/sql/comparison/load-labels.ts'
import { loadMetricMoments, type MetricMoments } from '../../db/sql/comparison/load-moments.ts'
import { type MetricValues, numberOf, numberSeries } from '../../db/sql/comparison/metric-values.ts'
import { decideEarly, type EarlyStop } from '../../domain/early-stop.ts'
import { metricKey } from '../../domain/metric.ts'
import type { Interval } from '../../domain/statistics/interval.ts'
import { compareMoments, type MetricFigures, needsDifferences } from '../../domain/statistics/paired-comparison.ts'
import type { PairedMoments } from '../../domain/statistics/paired-moments.ts'
import { decideVerdicts, type Verdict } from '../../domain/statistics/verdict.ts'
import {
  type ComparedMetric,
  type Comparison,
  findMetric,
  isComplete,
  isScoredAlike,
  usedVersions,
  valuesOf,
} from './comparison.ts'
import type { ComparisonSequences, SequenceState } from './sequences.ts'

/** The comparison of one metric of one candidate with the baseline. */
export interface MetricComparison extends ComparedMetric, Omit<MetricFigures, 'direction' | 'differenceStddev'> {
  candidate: Run
  /** Anytime-valid; null for metrics without bounds, before the first pair, and when pairs contradict each other. */
  sequence: Interval | null
  /** Pairs in the sequence. */
  sequencePairs: number
  /** Items of both runs that are left out, because they or their scores are not alike. */
  leftOut: number
  adjustedPValue: number | null
  verdict: Verdict
  pairsNeeded: number | null
}

/**
 * Compares every metric of every candidate with the baseline: metric by metric, candidate by candidate. Costs four
 * statements at any size, and reading the pairs that the sequences have not seen yet. Empty without a baseline.
 *
 * Interval, p value and verdict come from the fixed-n statistics, which only hold once both runs have ended, and not for
 * a run that its comparison stopped. Otherwise interval and p value are null and the sequence decides (for a stopped run
 * only about the metric that it was stopped for).
 */
export async function compareMetrics(
  db: ReadableDatabase,
  sequences: ComparisonSequences,
  comparison: Comparison,
): Promise<MetricComparison[]> {
  const { baseline, candidates, runs, metrics } = comparison
  if (!baseline) return []
  const used = usedVersions(comparison)
  const isAlike = (metric: ComparedMetric, index: number) => comparison.includesUnlike || isScoredAlike(metric, index)
  const runIds = runs.map((run) => run.id)
  const seriesOf = (kind: MetricValues['kind']) =>
    metrics.map(valuesOf).flatMap((values) => (values.kind === kind && 'name' in values ? [values] : []))
  const numbered = numberSeries(seriesOf('SCORE'))
  const labelSeries = seriesOf('LABEL')
  const [moments, labels, itemCounts, changes, states] = await Promise.all([
    loadMetricMoments(db.pool, runIds, numbered, used),
    labelSeries.length > 0 ? loadLabelPairs(db.pool, runIds, labelSeries, used) : [],
    countComparedItems(db.pool, runIds),
    used ? countChangedItems(db.pool, runIds, used) : [],
    Promise.all(
      candidates.map((candidate, index) => {
        const alike = metrics.filter((metric) => isAlike(metric, index))
        return sequences.read(baseline, candidate, alike, usedVersions(comparison, candidate), db.pool)
      }),
    ),
  ])

  const compared = metrics.flatMap((metric) =>
    candidates.map((candidate, index) => {
      const run = index + 2
      const changed = changes.find((change) => change.run === run)?.items ?? 0
      const items = (itemCounts[index] ?? 0) - changed
      const values = valuesOf(metric)
      const number = 'name' in values ? numberOf(numbered, values) : values.kind === 'LATENCY' ? 0 : -1
      const figures =
        values.kind === 'LABEL'
          ? labelFigures(
              labels.find(
                ({ run: candidate, name, source }) =>
                  candidate === run && name === values.name && source === values.source,
              ),
              items,
            )
          : numberFigures(
              metric,
              moments.find((row) => row.run === run && row.metric === number),
              items,
            )
      const complete = isComplete(baseline, candidate)
      const isScored = isAlike(metric, index)
      const found = isScored ? figures : nothingCompared(figures)
      const shown = complete ? found : { ...found, interval: null, pValue: null, method: null }
      return {
        metric,
        candidate,
        complete,
        figures: shown,
        leftOut: changed + (isScored ? 0 : figures.pairs),
        state: states[index]?.get(metricKey(metric.metric)) ?? null,
      }
    }),
  )
  const decisions = decideVerdicts(compared.map(({ figures, metric }) => ({ figures, margin: metric.margin })))
  return compared.map(({ metric, candidate, complete, figures, leftOut, state }, index) => {
    const { direction: _, differenceStddev: __, ...rest } = figures
    const decision = decisions[index]
    return {
      ...metric,
      ...rest,
      candidate,
      sequence: state?.interval ?? null,
      sequencePairs: state?.pairs ?? 0,
      leftOut,
      adjustedPValue: decision?.adjustedPValue ?? null,
      verdict: complete
        ? (decision?.verdict ?? 'INCONCLUSIVE')
        : (decidedEarly(baseline, candidate, metrics, metric, state) ?? 'INCONCLUSIVE'),
      pairsNeeded: complete ? (decision?.pairsNeeded ?? null) : null,
    }
  })
}

/** The figures without any pair, where all of them are left out. */
function nothingCompared({ direction, missing }: MetricFigures): MetricFigures {
  return {
    ...{ direction, missing, pairs: 0, improved: 0, regressed: 0, unchanged: 0 },
    ...{ baselineMean: null, candidateMean: null, delta: null, interval: null, pValue: null, method: null },
    differenceStddev: null,
  }
}

/** The verdict that the candidate was stopped for, if this is the comparison that stopped it. */
function decidedEarly(
  baseline: Run,
  candidate: Run,
  metrics: readonly ComparedMetric[],
  compared: ComparedMetric,
  state: SequenceState | null,
): Verdict | null {
  const rule = candidate.earlyStop as EarlyStop | null
  if (candidate.stopReason !== 'EARLY_DECISION' || rule?.baselineId !== baseline.id) return null
  if (findMetric(metrics, rule.metric)?.metric !== compared.metric) return null
  return decideEarly(state?.interval ?? null, compared.direction, rule.margin)
}

function numberFigures({ direction }: ComparedMetric, row: MetricMoments | undefined, items: number): MetricFigures {
  const differences = row?.differences?.split(',').map(Number) ?? null
  const moments = pairedMoments(row, differences)
  const missing = items - moments.count
  return compareMoments(moments, direction, missing, needsDifferences(moments) ? differences : null)
}

function pairedMoments(row: MetricMoments | undefined, differences: readonly number[] | null): PairedMoments {
  if (!row) {
    return {
      count: 0,
      baselineMean: 0,
      candidateMean: 0,
      delta: 0,
      stddev: 0,
      skewness: 0,
      increased: 0,
      decreased: 0,
      binary: true,
    }
  }
  return { ...row, stddev: row.stddev ?? 0, skewness: differences ? skewness(differences, row.delta) : 0 }
}

/** Computed only where it decides the method: few pairs that changed in one direction only. */
function skewness(differences: readonly number[], mean: number): number {
  const scale = Math.sqrt(differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / differences.length)
  return scale > 0 ? differences.reduce((sum, d) => sum + ((d - mean) / scale) ** 3, 0) / differences.length : 0
}

/** Labels are equal or not; there is nothing to average or to test. */
function labelFigures(pairs: { count: number; equal: number } | undefined, items: number): MetricFigures {
  const count = pairs?.count ?? 0
  return {
    direction: 'NONE',
    baselineMean: null,
    candidateMean: null,
    delta: null,
    interval: null,
    pValue: null,
    method: null,
    pairs: count,
    improved: 0,
    regressed: 0,
    unchanged: pairs?.equal ?? 0,
    missing: items - count,
    differenceStddev: null,
  }
}
