/** Differences of a judge's scores, corrected by people. */
import {
  type CalibratedDelta as CalibratedDeltaShape,
  calibratedDeltas,
} from '../../src/engine/judges/calibrated-deltas.ts'
import { builder } from '../builder.ts'
import { PredictionPoweredMean } from '../evaluator/judge-report.ts'
import { MetricInput } from '../metric.ts'
import { RunRef } from '../refs.ts'
import { comparisonCost, RunComparison } from './comparison.ts'
import { comparedMetric } from './groups.ts'

const Calibration = builder.enumType('Calibration', {
  description: 'What the scores of an evaluator are corrected by.',
  values: { HUMAN: { description: 'The scores of people under the same name.' } },
})

const CalibratedDelta = builder.objectRef<CalibratedDeltaShape>('CalibratedDelta').implement({
  description: 'By how much people would score a candidate higher than the baseline.',
  fields: (t) => ({
    candidate: t.expose('candidate', { type: RunRef, description: 'The run that is compared with the baseline.' }),
    items: t.exposeInt('items', { description: 'Items that the evaluator has scored in both runs.' }),
    labelled: t.exposeInt('labelled', { description: 'Those of them that people have scored in both runs.' }),
    uncorrected: t.exposeFloat('uncorrected', {
      nullable: true,
      description: 'The mean difference by the evaluator alone; null without items.',
    }),
    corrected: t.expose('corrected', {
      type: PredictionPoweredMean,
      nullable: true,
      description:
        'The mean difference corrected by the labels, which must be of items drawn at random. Null with fewer than two,\nand until both runs are complete.',
    }),
  }),
})

builder.objectField(RunComparison, 'calibratedDeltas', (t) =>
  t.field({
    type: [CalibratedDelta],
    description:
      'The difference in a score of an evaluator, corrected by prediction-powered inference (PPI++) on paired differences;\none for each candidate. Empty without a baseline.',
    extensions: { cost: comparisonCost },
    args: {
      metric: t.arg({ type: MetricInput, required: true, description: 'A NUMERIC or BOOLEAN score of an evaluator.' }),
      calibratedBy: t.arg({
        type: Calibration,
        required: true,
        defaultValue: 'HUMAN',
        description: 'What it is corrected by.',
      }),
    },
    resolve: (comparison, { metric }, { services }) =>
      calibratedDeltas(services, comparison, comparedMetric(comparison, metric, null, ['metric']), ['metric']),
  }),
)
