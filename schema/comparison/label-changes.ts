/** Which labels items had, and which they have. */
import {
  type LabelChanges as LabelChangesShape,
  type LabelTransition as LabelTransitionShape,
  labelChanges,
} from '../../src/engine/comparison/label-changes.ts'
import { builder } from '../builder.ts'
import { MetricInput } from '../metric.ts'
import { RunRef } from '../refs.ts'
import { comparisonCost, RunComparison } from './comparison.ts'
import { comparedMetric } from './groups.ts'

const LabelTransition = builder.objectRef<LabelTransitionShape>('LabelTransition').implement({
  description: 'Items with one label in the baseline and one in a candidate.',
  fields: (t) => ({
    from: t.exposeString('from', { description: 'The label in the baseline.' }),
    to: t.exposeString('to', { description: 'The label in the candidate.' }),
    count: t.exposeInt('count', { description: 'The number of items.' }),
  }),
})

const LabelChanges = builder.objectRef<LabelChangesShape>('LabelChanges').implement({
  description: 'The labels of the items in a candidate and in the baseline.',
  fields: (t) => ({
    candidate: t.expose('candidate', { type: RunRef, description: 'The run that is compared with the baseline.' }),
    pairs: t.exposeInt('pairs', {
      description: 'Items with a label in both runs; with repetitions, one that most of them have.',
    }),
    unchanged: t.exposeInt('unchanged', { description: 'Of them, those with the same label in both.' }),
    transitions: t.expose('transitions', {
      type: [LabelTransition],
      description: 'How many items went from one label to another, or kept it; the most frequent first.',
    }),
    pValue: t.exposeFloat('pValue', {
      nullable: true,
      description:
        'The probability of frequencies of labels this different by chance (Stuart–Maxwell; of two labels McNemar).\nNull until both runs are complete. Items are taken for independent.',
    }),
    degreesOfFreedom: t.exposeInt('degreesOfFreedom', { description: 'Labels that items moved between, less one.' }),
  }),
})

builder.objectField(RunComparison, 'labelChanges', (t) =>
  t.field({
    type: [LabelChanges],
    description: 'From which label to which the items of a CATEGORICAL score went; one for each candidate.',
    extensions: { cost: comparisonCost },
    args: { metric: t.arg({ type: MetricInput, required: true, description: 'A CATEGORICAL score.' }) },
    resolve: (comparison, { metric }, { services }) =>
      labelChanges(services.db, comparison, comparedMetric(comparison, metric, null, ['metric']), ['metric']),
  }),
)
