import type { Run } from '../../src/db/generated/prisma/client.ts'
import type { GateCheck as GateCheckShape } from '../../src/domain/check-gate.ts'
import { NotFoundError } from '../../src/domain/errors.ts'
import type { Gate as GateShape } from '../../src/domain/gate.ts'
import { checkRun, type GateResult as GateResultShape, setGate } from '../../src/engine/comparison/gates.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { MetricInput, MetricRef } from '../metric.ts'
import { mutation } from '../mutation.ts'
import { ExperimentRef, RunRef } from '../refs.ts'
import { optionalRawId, rawId } from '../relay/global-id.ts'
import { comparisonCost } from './comparison.ts'
import { CountedAs, CountedAsInput } from './counted-score.ts'
import { Question } from './verdict.ts'

const limits = {
  maxFailureRate: 'Largest share of failed items, 0–1; null: none may fail.',
  maxCostUsd: 'Largest cost of the run in USD.',
  maxAvgCostUsd: 'Largest mean cost of an item in USD.',
  maxAvgLatencyMs: 'Largest mean latency in milliseconds.',
  maxP95LatencyMs: 'Largest 95th percentile of the latency in milliseconds.',
} as const
const limitNames = Object.keys(limits) as (keyof typeof limits)[]

const minShare =
  'Smallest share of the items that need the score which must have it, 0–1; failed ones and those whose evaluator failed\nneed it. Default: all, or all but what `maxFailureRate` allows.'

const minAlike =
  'Smallest share of the compared items that must be as in the baseline, 0–1: content and evaluator. Default: 0.9.'

const countedAs = 'Another way to count the score; null: as it is.'
const ofBaseline = 'Whether `margin` is a share of the mean of the baseline: 0.05 is 5 % of it; default false.'
const lowerEnd =
  'Whether the lower end of the 95 % interval of the mean must be large enough, not only the mean; counts items then.'

const MinMean = builder.objectRef<GateShape['minMeans'][number]>('MinMean').implement({
  description: 'The smallest mean that a score may have.',
  fields: (t) => ({
    metric: t.expose('metric', { type: MetricRef, description: 'The score.' }),
    value: t.exposeFloat('value', { description: 'The smallest mean.' }),
    minShare: t.float({
      nullable: true,
      description: minShare,
      resolve: (rule) => rule.minShare ?? null,
    }),
    as: t.field({ type: CountedAs, nullable: true, description: countedAs, resolve: (rule) => rule.as ?? null }),
    lowerEnd: t.boolean({ description: lowerEnd, resolve: (rule) => rule.lowerEnd ?? false }),
  }),
})

const NotWorse = builder.objectRef<GateShape['notWorse'][number]>('NotWorse').implement({
  description: 'The margin by which a metric may be worse than the baseline.',
  fields: (t) => ({
    metric: t.expose('metric', { type: MetricRef, description: 'The metric.' }),
    margin: t.exposeFloat('margin', { description: 'In the units of the metric.' }),
    question: t.field({
      type: Question,
      description: 'What is asked.',
      resolve: ({ question }) => question ?? 'ON_ITEMS_LIKE_THESE',
    }),
    minShare: t.float({ nullable: true, description: minAlike, resolve: (rule) => rule.minShare ?? null }),
    as: t.field({ type: CountedAs, nullable: true, description: countedAs, resolve: (rule) => rule.as ?? null }),
    ofBaseline: t.boolean({ description: ofBaseline, resolve: (rule) => rule.ofBaseline ?? false }),
  }),
})

const Gate = builder.objectRef<GateShape>('Gate').implement({
  description: 'Requirements for runs; rules that are null or empty do not apply, except that no item may fail.',
  fields: (t) => ({
    minMeans: t.expose('minMeans', { type: [MinMean], description: 'Smallest means of scores.' }),
    notWorse: t.expose('notWorse', {
      type: [NotWorse],
      description: 'Metrics that must provably not be worse than the baseline by a margin.',
    }),
    ...Object.fromEntries(
      limitNames.map((name) => [name, t.exposeFloat(name, { nullable: true, description: limits[name] })]),
    ),
  }),
})

const MinMeanInput = builder.inputType('MinMeanInput', {
  description: 'The smallest mean that a score may have.',
  fields: (t) => ({
    metric: t.field({ type: MetricInput, required: true, description: 'A score.' }),
    value: t.float({ required: true, description: 'The smallest mean.' }),
    minShare: t.float({ description: minShare }),
    as: t.field({ type: CountedAsInput, description: countedAs }),
    lowerEnd: t.boolean({ description: lowerEnd }),
  }),
})

const NotWorseInput = builder.inputType('NotWorseInput', {
  description: 'The margin by which a metric may be worse than the baseline.',
  fields: (t) => ({
    metric: t.field({ type: MetricInput, required: true, description: 'The metric.' }),
    margin: t.float({ required: true, description: 'More than 0, in the units of the metric.' }),
    question: t.field({ type: Question, description: 'Default: ON_ITEMS_LIKE_THESE.' }),
    minShare: t.float({ description: minAlike }),
    as: t.field({ type: CountedAsInput, description: countedAs }),
    ofBaseline: t.boolean({ description: ofBaseline }),
  }),
})

const GateInput = builder.inputType('GateInput', {
  description: 'Requirements for runs; omitted rules do not apply, except that no item may fail.',
  fields: (t) => ({
    minMeans: t.field({ type: [MinMeanInput], description: 'Smallest means of scores.' }),
    notWorse: t.field({
      type: [NotWorseInput],
      description: 'Metrics that must provably not be worse than the baseline by a margin.',
    }),
    ...Object.fromEntries(limitNames.map((name) => [name, t.float({ description: limits[name] })])),
  }),
})

export const GateStatus = builder.enumType('GateStatus', {
  description: 'Results of a gate.',
  values: {
    PASSED: { description: 'The run satisfies every rule.' },
    FAILED: { description: 'The run violates a rule.' },
    PENDING: { description: 'The run has not finished.' },
  },
})

const GateRule = builder.enumType('GateRule', {
  description: 'Rules of gates.',
  values: {
    COMPLETED: {
      description: 'The run completed, or was stopped because its comparison was decided. Part of every gate.',
    },
    MIN_MEAN: { description: 'The mean of a score is large enough.' },
    NOT_WORSE: { description: 'A metric is not worse than in the baseline by more than the margin.' },
    MAX_FAILURE_RATE: { description: 'The share of failed items is within the limit. Part of every gate.' },
    MAX_COST: { description: 'The cost of the run is within the limit.' },
    MAX_AVG_COST: { description: 'The mean cost of an item is within the limit.' },
    MAX_AVG_LATENCY: { description: 'The mean latency of the task is within the limit.' },
    MAX_P95_LATENCY: { description: 'The 95th percentile of the latency is within the limit.' },
  },
})

const GateCheck = builder.objectRef<GateCheckShape>('GateCheck').implement({
  description: 'The result of one rule of a gate. Unknown values do not pass.',
  fields: (t) => ({
    rule: t.expose('rule', { type: GateRule, description: 'The rule.' }),
    metric: t.expose('metric', {
      type: MetricRef,
      nullable: true,
      description: 'The metric of MIN_MEAN and NOT_WORSE; null for other rules.',
    }),
    passed: t.exposeBoolean('passed', { description: 'Whether it is fulfilled.' }),
    limit: t.exposeFloat('limit', { nullable: true, description: 'The limit, smallest mean or margin.' }),
    actual: t.exposeFloat('actual', {
      nullable: true,
      description: 'The value of the run; for NOT_WORSE the difference.',
    }),
    reason: t.exposeString('reason', { description: 'An explanation for people.' }),
  }),
})

const GateResult = builder.objectRef<GateResultShape>('GateResult').implement({
  description: 'The result of a gate for a run.',
  fields: (t) => ({
    status: t.expose('status', { type: GateStatus, description: 'Whether it passed.' }),
    checks: t.expose('checks', { type: [GateCheck], description: 'Every rule, with a reason.' }),
  }),
})

builder.objectField(ExperimentRef, 'gate', (t) =>
  t.field({
    type: Gate,
    nullable: true,
    description: 'The requirements for its runs; null when there are none.',
    resolve: ({ gate }) => gate as GateShape | null,
  }),
)

/** The result of a run's gate, by default that of its experiment; null without one. */
export function gateOf(
  { services, scope, comparisons, loaders }: Context,
  run: Run,
  asked: { gate?: unknown; baselineId?: string | null } = {},
): Promise<GateResultShape | null> {
  return checkRun(services.db, comparisons.sequences, scope, run, asked, {
    experiment: (id) => loaders.links.load('experiment', id),
    summaries: async (runId) => (await loaders.runSummaries.load(runId)).summaries,
    buckets: async (runId) => (await loaders.runSummaries.load(runId)).buckets,
  })
}

builder.objectField(RunRef, 'gate', (t) =>
  t.field({
    type: GateResult,
    nullable: true,
    description:
      'The result of a gate; null when there is none. It is computed on request: `notWorse` costs a whole comparison,\nso select it for few runs at once.',
    extensions: { cost: comparisonCost },
    args: {
      gate: t.arg({ type: GateInput, description: 'Default: that of its experiment.' }),
      baselineId: t.arg.id({
        description: 'The baseline of `notWorse`; default: the approved one. Without one it does not pass.',
      }),
    },
    resolve: (run, { gate, baselineId }, context) =>
      gateOf(context, run, { gate, baselineId: optionalRawId('Run', baselineId, ['baselineId']) }),
  }),
)

mutation('setGate', {
  description: 'Sets the requirements for the runs of an experiment.',
  input: {
    description: 'The requirements for the runs of an experiment.',
    fields: (t) => ({
      experimentId: t.id({ required: true, description: 'The experiment.' }),
      gate: t.field({ type: GateInput, description: 'Replaces the gate; null removes it.' }),
    }),
  },
  errors: [NotFoundError],
  resolve: async ({ experimentId, gate }, { services, scope }) => ({
    experiment: await setGate(services, scope, rawId('Experiment', experimentId, ['experimentId']), gate),
  }),
  payload: {
    description: 'The gate was set.',
    fields: (t) => ({
      experiment: t.expose('experiment', { type: ExperimentRef, description: 'The experiment as it is now.' }),
    }),
  },
})
