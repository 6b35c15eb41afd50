/** Ratios of two metrics, such as the cost per success. */
import { compareRatiosOfRuns, type RatioComparison as RatioShape } from '../../src/engine/comparison/ratios.ts'
import { builder } from '../builder.ts'
import { MetricInput } from '../metric.ts'
import { RunRef } from '../refs.ts'
import { comparisonCost, RunComparison } from './comparison.ts'
import { CountedAsInput } from './counted-score.ts'
import { comparedMetric } from './groups.ts'
import { Interval } from './interval.ts'

const RatioComparison = builder.objectRef<RatioShape>('RatioComparison').implement({
  description: 'The sum of one metric over the sum of another in a candidate and the baseline, of the same items.',
  fields: (t) => ({
    candidate: t.expose('candidate', { type: RunRef, description: 'The run that is compared with the baseline.' }),
    baselineRatio: t.exposeFloat('baselineRatio', {
      nullable: true,
      description: 'Of the baseline; null where `unknown` is not 0, and where the lower sum is not above 0.',
    }),
    candidateRatio: t.exposeFloat('candidateRatio', {
      nullable: true,
      description: 'Of the candidate, as `baselineRatio`.',
    }),
    relative: t.exposeFloat('relative', {
      nullable: true,
      description:
        'That of the candidate over that of the baseline: 0.8 is a fifth less. Null unless both are above 0.',
    }),
    interval: t.expose('interval', {
      type: Interval,
      nullable: true,
      description: '95 % interval of `relative`; null as it, and until both runs are complete.',
    }),
    pValue: t.exposeFloat('pValue', {
      nullable: true,
      description: 'The probability of ratios this different by chance; null as `interval`.',
    }),
    pairs: t.exposeInt('pairs', { description: 'Items that both runs executed and that have both values in both.' }),
    unknown: t.exposeInt('unknown', {
      description: 'Items that both runs executed, but a value is not known: with one of them there is no ratio.',
    }),
  }),
})

builder.objectField(RunComparison, 'ratio', (t) =>
  t.field({
    type: [RatioComparison],
    description:
      'The sum of one metric per sum of another, such as the cost per success: `of: {cost: true}, per: {score: …}`.\nOne for each candidate; empty without a baseline.',
    extensions: { cost: comparisonCost },
    args: {
      of: t.arg({ type: MetricInput, required: true, description: 'The metric above.' }),
      per: t.arg({ type: MetricInput, required: true, description: 'The metric below.' }),
      as: t.arg({ type: CountedAsInput, description: 'Another way to count the score below.' }),
    },
    resolve: (comparison, { of, per, as }, { services }) =>
      compareRatiosOfRuns(
        services.db,
        comparison,
        comparedMetric(comparison, of, null, ['of']),
        comparedMetric(comparison, per, as, ['per']),
      ),
  }),
)
