import type { Interval as IntervalShape } from '../../src/domain/statistics/interval.ts'
import { builder } from '../builder.ts'

export const Interval = builder.objectRef<IntervalShape>('Interval').implement({
  description: 'A 95 % interval of what is true, in the units of the metric, both ends included.',
  fields: (t) => ({
    low: t.exposeFloat('low', { description: 'Lower end.' }),
    high: t.exposeFloat('high', { description: 'Upper end.' }),
  }),
})
