/** How the values of a run's metrics are distributed: quantiles and histograms. */
import type { DistributionRow } from '../../src/db/sql/run/load-distributions.ts'
import { maxLabels, quantileRanks } from '../../src/db/sql/run/load-distributions.ts'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { type Metric, parseDistributedMetric } from '../../src/domain/metric.ts'
import { type HistogramBin as Bin, histogram } from '../../src/domain/statistics/histogram.ts'
import { builder } from '../builder.ts'
import { ScoreDataType } from '../enums.ts'
import { MetricInput, MetricRef } from '../metric.ts'
import { LabelCount, RunStats } from './run-stats.ts'

/** What reading all values of a run costs: as much as a search. */
export const readingCost = 1_000

const maxBins = 100

const HistogramBin = builder.objectRef<Bin>('HistogramBin').implement({
  description: 'The executions with values in a range.',
  fields: (t) => ({
    from: t.exposeFloat('from', { description: 'The lower end, included.' }),
    to: t.exposeFloat('to', {
      description: 'The upper end, included in the last bin only; equal to `from` for a bin of one value.',
    }),
    count: t.exposeInt('count', { description: 'The number of executions.' }),
  }),
})

type MetricDistributionShape = DistributionRow & { metric: Metric; binCount: number }

const quantile = (rank: number) => (row: MetricDistributionShape) =>
  row.quantiles?.[quantileRanks.indexOf(rank)] ?? null

const MetricDistribution = builder.objectRef<MetricDistributionShape>('MetricDistribution').implement({
  description:
    'The values of a metric, one of each execution; of several people or programs their mean. All figures are exact;\nquantiles between two values are interpolated. Null without values, as for labels.',
  fields: (t) => ({
    metric: t.field({
      type: MetricRef,
      description: 'The metric, a score with its source.',
      resolve: ({ metric, source }) => (metric.kind === 'SCORE' ? { ...metric, source } : metric),
    }),
    dataType: t.expose('dataType', {
      type: ScoreDataType,
      nullable: true,
      description: 'The type of the score; null for latency and cost.',
    }),
    count: t.exposeInt('count', { description: 'Executions with a value or label.' }),
    min: t.exposeFloat('min', { nullable: true, description: 'The smallest value.' }),
    p5: t.float({ nullable: true, description: 'The 5th percentile.', resolve: quantile(0.05) }),
    p25: t.float({ nullable: true, description: 'The 25th percentile.', resolve: quantile(0.25) }),
    p50: t.float({ nullable: true, description: 'The median.', resolve: quantile(0.5) }),
    p75: t.float({ nullable: true, description: 'The 75th percentile.', resolve: quantile(0.75) }),
    p90: t.float({ nullable: true, description: 'The 90th percentile.', resolve: quantile(0.9) }),
    p95: t.float({ nullable: true, description: 'The 95th percentile.', resolve: quantile(0.95) }),
    p99: t.float({ nullable: true, description: 'The 99th percentile.', resolve: quantile(0.99) }),
    max: t.exposeFloat('max', { nullable: true, description: 'The largest value.' }),
    histogram: t.field({
      type: [HistogramBin],
      description:
        'In ascending order; empty for labels. Up to `bins` different values have a bin each, as 0 and 1 of booleans;\nmore are in as many bins of equal width, also empty ones.',
      resolve: ({ bins, min, max, binCount }) => histogram(bins, { min: min ?? 0, max: max ?? 0, bins: binCount }),
    }),
    labels: t.field({
      type: [LabelCount],
      description: `The executions with each category, most frequent first, at most ${maxLabels}; empty for numbers.`,
      resolve: ({ labels }) => labels,
    }),
  }),
})

builder.objectField(RunStats, 'distribution', (t) =>
  t.field({
    type: MetricDistribution,
    nullable: true,
    description:
      'How the values of a score, of latency or cost are distributed; null if the run has no such score, or texts.\nReads all of them, so the cost grows with the run.',
    extensions: { cost: readingCost },
    args: {
      metric: t.arg({ type: MetricInput, required: true, description: 'The metric; not `failed`.' }),
      bins: t.arg.int({
        required: true,
        defaultValue: 20,
        description: `How many bins the histogram has at most, 1–${maxBins}.`,
      }),
    },
    resolve: async (run, args, { loaders }) => {
      const metric = parseDistributedMetric(args.metric, ['metric'])
      const { bins } = args
      if (!(bins >= 1 && bins <= maxBins)) {
        throw new InvalidInputError(`Expected 1 to ${maxBins} bins, got ${bins}.`, ['bins'])
      }
      const row = await loaders.distribution({ metric, bins }).load(run.id)
      return row && { ...row, metric, binCount: bins }
    },
  }),
)
