import type { Queryable } from '../../db/client.ts'
import type { UsedVersions } from '../../db/sql/comparison/changed-items.ts'
import type { ComparedItems } from '../../db/sql/comparison/count-items.ts'
import {
  type ExtremeMoments,
  loadMetricMoments,
  loadRangeMoments,
  type MetricMoments,
  type RangeMoments,
} from '../../db/sql/comparison/load-moments.ts'
import { measuredNumbers, type NumberedSeries } from '../../db/sql/comparison/metric-values.ts'
import type { RunSettings } from '../../domain/run.ts'
import { compareMoments, type MetricFigures, needsDifferences } from '../../domain/statistics/paired-comparison.ts'
import type { PairedMoments } from '../../domain/statistics/paired-moments.ts'
import type { ComparedMetric } from './compared-metrics.ts'
import type { Comparison } from './comparison.ts'

/**
 * The figures of a metric that has numbers.
 * @param run number of the candidate, from 2
 * @param series number of the series; null for what is measured
 */
type FiguresOf = (metric: ComparedMetric, run: number, series: number | null, items: ComparedItems) => MetricFigures

/** Loads the moments of all metrics that have numbers. One statement. */
export async function loadFigures(
  db: Queryable,
  { runs, metrics }: Comparison,
  series: readonly NumberedSeries[],
  used: UsedVersions | null,
): Promise<FiguresOf> {
  const runIds = runs.map((run) => run.id)
  const rules = metrics.flatMap(({ lackingRules }) => lackingRules)
  const isLacking =
    runs.some((run) => run.failed > 0 || run.costCount < run.succeeded) || metrics.some(({ errors }) => errors > 0)
  if (!isLacking) {
    const moments = await loadMetricMoments(db, runIds, series, used)
    return (metric, run, number, items) => {
      if (metric.metric.kind === 'FAILED') return figuresOfAll(metric, noneFailed(items.executed), items)
      const row = moments.find((row) => row.run === run && row.metric === (number ?? numberOfMeasured(metric)))
      return figuresOfAll(metric, row, items)
    }
  }
  const timeouts = runs.map(({ settings, latencyMax }) =>
    Math.max((settings as unknown as RunSettings).timeoutMs, latencyMax ?? 0),
  )
  const moments = await loadRangeMoments(db, runIds, series, rules, timeouts, used)
  return (metric, run, number, items) => {
    const row = moments.find((row) => row.run === run && row.metric === (number ?? numberOfMeasured(metric)))
    return figuresOfRange(metric, row, items)
  }
}

function numberOfMeasured({ metric }: ComparedMetric): number | null {
  return metric.kind === 'SCORE' ? null : measuredNumbers[metric.kind]
}

type Moments = Omit<MetricMoments, 'metric' | 'run'>

function noneFailed(count: number): Moments {
  const zero = { baselineMean: 0, candidateMean: 0, delta: 0, stddev: 0, increased: 0, decreased: 0 }
  return { count, ...zero, binary: true, differences: null }
}

function figuresOfAll(
  { direction, range }: ComparedMetric,
  row: Moments | undefined,
  items: ComparedItems,
): MetricFigures {
  const differences = differencesOf(row)
  const moments = pairedMoments(row, differences)
  const missing = items.items - moments.count
  return compareMoments(moments, direction, { missing }, needsDifferences(moments) ? differences : null, range)
}

function figuresOfRange(metric: ComparedMetric, row: RangeMoments | undefined, items: ComparedItems): MetricFigures {
  if (!row || row.incomplete === 0) return figuresOfAll(metric, row, items)
  const { direction, range } = metric
  const differences = differencesOf(row)
  const moments = pairedMoments(row, differences)
  const isBounded = metric.metric.kind === 'LATENCY' || range !== null
  const extreme = (of: ExtremeMoments): PairedMoments => ({
    ...moments,
    ...of,
    count: row.executed,
    stddev: of.stddev ?? 0,
    skewness: 0,
    binary: row.executedBinary,
  })
  const missing = {
    missing: items.items - moments.count,
    lacking: row.lacking,
    extremes: isBounded ? { lowest: extreme(row.lowest), highest: extreme(row.highest) } : ('UNBOUNDED' as const),
  }
  return compareMoments(moments, direction, missing, needsDifferences(moments) ? differences : null, range)
}

function differencesOf(row: Moments | undefined): number[] | null {
  return row?.differences?.split(',').map(Number) ?? null
}

function pairedMoments(row: Moments | undefined, differences: readonly number[] | null): PairedMoments {
  if (!row || row.count === 0) {
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
export function labelFigures(
  pairs: { count: number; equal: number } | undefined,
  { items }: ComparedItems,
): MetricFigures {
  const count = pairs?.count ?? 0
  const untested = { interval: null, pValue: null }
  return {
    direction: 'NONE',
    baselineMean: null,
    candidateMean: null,
    delta: null,
    ...untested,
    method: null,
    pairs: count,
    improved: 0,
    regressed: 0,
    unchanged: pairs?.equal ?? 0,
    missing: items - count,
    lacking: 0,
    bounds: null,
    robust: untested,
    differenceStddev: null,
  }
}
