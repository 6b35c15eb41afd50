import type { Metric as MetricShape } from '../../src/domain/metric.ts'
import type { PrimaryMetrics as PrimaryMetricsShape } from '../../src/domain/primary-metrics.ts'
import { builder } from '../builder.ts'
import { MetricInput, MetricRef } from '../metric.ts'
import { ExperimentRef } from '../refs.ts'

const Procedure = builder.enumType('PrimaryProcedure', {
  description: 'How primary metrics share the error of 5 %.',
  values: {
    FIXED_SEQUENCE: {
      description: 'Each is tested with all of it, in their order, until one shows nothing: the important one first.',
    },
    HOLM: { description: 'They share it by their weights, whatever their order.' },
  },
})

const PrimaryMetrics = builder.objectRef<PrimaryMetricsShape>('PrimaryMetrics').implement({
  description: 'What a change is judged by. The metrics beside them take nothing from their power.',
  fields: (t) => ({
    metrics: t.field({
      type: [MetricRef],
      description: 'The metrics, in their order.',
      resolve: ({ metrics }): MetricShape[] => metrics,
    }),
    procedure: t.expose('procedure', { type: Procedure, description: 'How they share the error.' }),
    weights: t.field({
      type: ['Float'],
      nullable: true,
      description: 'Of HOLM, one per metric; null: equal.',
      resolve: ({ weights }) => weights,
    }),
  }),
})

export const PrimaryMetricsInput = builder.inputType('PrimaryMetricsInput', {
  description: 'What a change is judged by. The metrics beside them take nothing from their power.',
  fields: (t) => ({
    metrics: t.field({ type: [MetricInput], required: true, description: '1–20 metrics, in their order.' }),
    procedure: t.field({ type: Procedure, description: 'Default: FIXED_SEQUENCE.' }),
    weights: t.floatList({ description: 'Of HOLM, more than 0, one per metric; default: equal.' }),
  }),
})

builder.objectField(ExperimentRef, 'primaryMetrics', (t) =>
  t.field({
    type: PrimaryMetrics,
    nullable: true,
    description: 'What its runs are judged by; null: by all scores and failures alike.',
    resolve: ({ primaryMetrics }) => primaryMetrics as PrimaryMetricsShape | null,
  }),
)
