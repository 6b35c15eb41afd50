/** The best of several runs. */
import type { RankSet } from '../../src/domain/statistics/best-of-several.ts'
import {
  type RankedRun as RankedRunShape,
  type Ranking as RankingShape,
  rankRuns,
} from '../../src/engine/comparison/ranking.ts'
import { builder } from '../builder.ts'
import { MetricInput, MetricRef } from '../metric.ts'
import { RunRef } from '../refs.ts'
import { comparisonCost, RunComparison } from './comparison.ts'
import { CountedAs, CountedAsInput } from './counted-score.ts'
import { comparedMetric } from './groups.ts'
import { Interval } from './interval.ts'

const Ranks = builder.objectRef<RankSet>('Ranks').implement({
  description: 'The places that a run may truly have, from 1 for the best.',
  fields: (t) => ({
    from: t.exposeInt('from', { description: 'The best; 1: it may be the best of all.' }),
    to: t.exposeInt('to', { description: 'The worst; 1: it is the best of all.' }),
  }),
})

const RankedRun = builder.objectRef<RankedRunShape>('RankedRun').implement({
  description: 'A run among several by one metric.',
  fields: (t) => ({
    run: t.expose('run', { type: RunRef, description: 'The run.' }),
    mean: t.exposeFloat('mean', { description: 'Its mean over the items that have a value in all of the runs.' }),
    ranks: t.expose('ranks', {
      type: Ranks,
      nullable: true,
      description: 'With 95 % confidence those of all runs are right. Null for one run, and until all are complete.',
    }),
    delta: t.exposeFloat('delta', {
      nullable: true,
      description: "`mean` − the baseline's; null for the baseline, and without one.",
    }),
    interval: t.expose('interval', {
      type: Interval,
      nullable: true,
      description:
        'Of `delta`; with 95 % confidence those of all candidates are right. Null as `delta`, without any spread,\nand until all runs are complete.',
    }),
  }),
})

const Ranking = builder.objectRef<RankingShape>('Ranking').implement({
  description: 'Runs by one metric, with what may be said of which of them is the best.',
  fields: (t) => ({
    metric: t.field({ type: MetricRef, description: 'The metric.', resolve: ({ metric }) => metric.metric }),
    countedAs: t.field({
      type: CountedAs,
      nullable: true,
      description: 'Another way to count the score; null: as it is.',
      resolve: ({ metric }) => metric.countedAs,
    }),
    items: t.exposeInt('items', { description: 'Items that have a value in all of the runs.' }),
    runs: t.expose('runs', { type: [RankedRun], description: 'The best mean first; empty without such items.' }),
    optimism: t.exposeFloat('optimism', {
      nullable: true,
      description:
        'By how much the first one looks better than it is, because it was chosen on the items that it is measured on.\nNull for one run, and until all are complete.',
    }),
  }),
})

builder.objectField(RunComparison, 'ranking', (t) =>
  t.field({
    type: Ranking,
    description: 'All runs of the comparison by one metric: which may be the best, and how much too good it looks.',
    extensions: { cost: comparisonCost },
    args: {
      metric: t.arg({ type: MetricInput, required: true, description: 'A metric with a direction.' }),
      as: t.arg({ type: CountedAsInput, description: 'Another way to count the score.' }),
    },
    resolve: (comparison, { metric, as }, { services }) =>
      rankRuns(services.db, comparison, comparedMetric(comparison, metric, as, ['metric']), ['metric']),
  }),
)
