import type { Metric } from '../src/domain/metric.ts'
import { builder } from './builder.ts'
import { ScoreSource } from './enums.ts'

const MetricKind = builder.enumType('MetricKind', {
  description: 'Kinds of metrics.',
  values: {
    SCORE: { description: 'The scores of one name from one source.' },
    LATENCY: { description: 'The latency of the task in milliseconds, over successful calls.' },
    COST: { description: 'The cost of the task in USD, over calls whose cost is known.' },
    FAILED: { description: 'Failed items; of one item, the share of its executed repetitions that failed.' },
  },
})

export const MetricRef = builder.objectRef<Metric>('Metric').implement({
  description: 'A metric to compare, check and order runs by. A score named "cost" is a score, not the cost.',
  fields: (t) => ({
    kind: t.expose('kind', { type: MetricKind, description: 'Its kind.' }),
    name: t.string({
      nullable: true,
      description: 'Name of the score; null for other kinds.',
      resolve: (metric) => (metric.kind === 'SCORE' ? metric.name : null),
    }),
    source: t.field({
      type: ScoreSource,
      nullable: true,
      description: 'The source of the scores; null: EVALUATOR, else API, else HUMAN. Null for other kinds.',
      resolve: (metric) => (metric.kind === 'SCORE' ? metric.source : null),
    }),
  }),
})

const ScoreMetricInput = builder.inputType('ScoreMetricInput', {
  description: 'The scores of one name from one source.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Name of the score.' }),
    source: t.field({
      type: ScoreSource,
      description: 'The source of the scores; default: EVALUATOR, else API, else HUMAN.',
    }),
  }),
})

export const MetricInput = builder.inputType('MetricInput', {
  description: 'A metric: exactly one of these; a Boolean must be true.',
  isOneOf: true,
  fields: (t) => ({
    score: t.field({ type: ScoreMetricInput, description: 'A score.' }),
    latency: t.boolean({ description: 'The measured latency.' }),
    cost: t.boolean({ description: 'The measured cost.' }),
    failed: t.boolean({ description: 'Failed items.' }),
  }),
})
