import type { CountedAs as CountedAsShape } from '../../src/domain/counted-as.ts'
import { builder } from '../builder.ts'
import { MetricInput } from '../metric.ts'

const Pass = builder.objectRef<NonNullable<CountedAsShape['pass']>>('Pass').implement({
  description: 'Tries of which one, or every one, must succeed.',
  fields: (t) => ({
    k: t.exposeInt('k', { description: 'How many tries.' }),
    every: t.exposeBoolean('every', { description: 'Whether every one must succeed (pass^k), or one (pass@k).' }),
  }),
})

export const CountedAs = builder.objectRef<CountedAsShape>('CountedAs').implement({
  description: 'Another way to count a score, as a share of 1 of which more is better; one of these.',
  fields: (t) => ({
    pass: t.expose('pass', {
      type: Pass,
      nullable: true,
      description:
        'Of a BOOLEAN score: how likely that many tries succeed, without a bias for any number up to the repetitions.',
    }),
    success: t.field({
      type: ['String'],
      nullable: true,
      description: 'Of a CATEGORICAL score: the labels that count as 1; all others, and failed executions, as 0.',
      resolve: ({ success }) => success,
    }),
  }),
})

const PassInput = builder.inputType('PassInput', {
  description: 'Tries of which one, or every one, must succeed. Failed repetitions are failures.',
  fields: (t) => ({
    k: t.int({ required: true, description: 'How many tries: 1 to the repetitions of the runs.' }),
    every: t.boolean({ description: 'Whether every one must succeed (pass^k), or one (pass@k); default: one.' }),
  }),
})

export const CountedAsInput = builder.inputType('CountedAsInput', {
  description: 'Another way to count a score: exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    pass: t.field({ type: PassInput, description: 'pass@k or pass^k of a BOOLEAN score.' }),
    success: t.stringList({ description: '1–100 labels of a CATEGORICAL score that are a success.' }),
  }),
})

export const CountedScoreInput = builder.inputType('CountedScoreInput', {
  description: 'A score that is also compared as it is counted in another way.',
  fields: (t) => ({
    metric: t.field({ type: MetricInput, required: true, description: 'The score.' }),
    as: t.field({ type: CountedAsInput, required: true, description: 'How it is counted.' }),
    margin: t.float({ description: 'How much worse it may be and still count as not worse; default 0.' }),
  }),
})
