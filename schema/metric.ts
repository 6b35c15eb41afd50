import type { Metric } from '../src/domain/metric.ts'
import { builder } from './builder.ts'
import { ScoreSource } from './enums.ts'

const MetricKind = builder.enumType('MetricKind', {
  description: 'What a metric is about.',
  values: {
    SCORE: { description: 'The scores of one name.' },
    LATENCY: { description: 'Milliseconds of the task, over successful calls.' },
    COST: { description: 'USD of the task, over calls whose cost is known.' },
    FAILED: { description: 'Failed items.' },
  },
})

export const MetricRef = builder.objectRef<Metric>('Metric').implement({
  description: 'What runs are compared, checked and ordered by. A score named "cost" is a score, whatever its name.',
  fields: (t) => ({
    kind: t.expose('kind', { type: MetricKind, description: 'What it is about.' }),
    name: t.string({
      nullable: true,
      description: 'Name of the score; null for other kinds.',
      resolve: (metric) => (metric.kind === 'SCORE' ? metric.name : null),
    }),
    source: t.field({
      type: ScoreSource,
      nullable: true,
      description: 'Who gave the scores; null: anybody, and for other kinds.',
      resolve: (metric) => (metric.kind === 'SCORE' ? metric.source : null),
    }),
  }),
})

const ScoreMetricInput = builder.inputType('ScoreMetricInput', {
  description: 'The scores of one name.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Name of the score.' }),
    source: t.field({
      type: ScoreSource,
      description: 'Refused so far: scores are not told apart by who gave them yet.',
    }),
  }),
})

export const MetricInput = builder.inputType('MetricInput', {
  description: 'A metric: exactly one of these, a Boolean being true.',
  isOneOf: true,
  fields: (t) => ({
    score: t.field({ type: ScoreMetricInput, description: 'A score.' }),
    latency: t.boolean({ description: 'The measured latency.' }),
    cost: t.boolean({ description: 'The measured cost.' }),
    failed: t.boolean({
      description: 'Failed items. Runs can be ordered by them; they cannot be compared by them yet.',
    }),
  }),
})
