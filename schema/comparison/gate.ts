import { NotFoundError } from '../../src/domain/errors.ts'
import type { GateCheck as GateCheckShape, Gate as GateShape } from '../../src/domain/gate.ts'
import { checkRun, type GateResult as GateResultShape, setGate } from '../../src/engine/comparison/gates.ts'
import { builder } from '../builder.ts'
import { MetricInput, MetricRef } from '../metric.ts'
import { mutation } from '../mutation.ts'
import { ExperimentRef, RunRef } from '../refs.ts'
import { optionalRawId, rawId } from '../relay/global-id.ts'
import { comparisonCost } from './comparison.ts'

const limits = {
  maxFailureRate: 'Largest share of failed items, 0–1.',
  maxCostUsd: 'Largest cost of the run in USD.',
  maxAvgCostUsd: 'Largest mean cost of an item in USD.',
  maxAvgLatencyMs: 'Largest mean latency in milliseconds.',
  maxP95LatencyMs: 'Largest 95th percentile of the latency in milliseconds.',
} as const
const limitNames = Object.keys(limits) as (keyof typeof limits)[]

const MinMean = builder.objectRef<GateShape['minMeans'][number]>('MinMean').implement({
  description: 'The smallest mean that a score may have.',
  fields: (t) => ({
    metric: t.expose('metric', { type: MetricRef, description: 'The score.' }),
    value: t.exposeFloat('value', { description: 'The smallest mean.' }),
  }),
})

const NotWorse = builder.objectRef<GateShape['notWorse'][number]>('NotWorse').implement({
  description: 'How much worse than the baseline a metric may be.',
  fields: (t) => ({
    metric: t.expose('metric', { type: MetricRef, description: 'A score, latency or cost.' }),
    margin: t.exposeFloat('margin', { description: 'In the units of the metric.' }),
  }),
})

const Gate = builder.objectRef<GateShape>('Gate').implement({
  description: 'What runs must fulfil; what is null or empty is not asked for.',
  fields: (t) => ({
    minMeans: t.expose('minMeans', { type: [MinMean], description: 'Smallest means of scores.' }),
    notWorse: t.expose('notWorse', {
      type: [NotWorse],
      description: 'Metrics that must be shown to be worse than the baseline by less than a margin, if at all.',
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
  }),
})

const NotWorseInput = builder.inputType('NotWorseInput', {
  description: 'How much worse than the baseline a metric may be.',
  fields: (t) => ({
    metric: t.field({ type: MetricInput, required: true, description: 'A score, latency or cost.' }),
    margin: t.float({ required: true, description: 'More than 0, in the units of the metric.' }),
  }),
})

const GateInput = builder.inputType('GateInput', {
  description: 'What runs must fulfil; what is left out is not asked for.',
  fields: (t) => ({
    minMeans: t.field({ type: [MinMeanInput], description: 'Smallest means of scores.' }),
    notWorse: t.field({
      type: [NotWorseInput],
      description: 'Metrics that must be shown to be worse than the baseline by less than a margin, if at all.',
    }),
    ...Object.fromEntries(limitNames.map((name) => [name, t.float({ description: limits[name] })])),
  }),
})

const GateStatus = builder.enumType('GateStatus', {
  description: 'How a run did at a gate.',
  values: {
    PASSED: { description: 'It fulfils everything.' },
    FAILED: { description: 'It does not.' },
    PENDING: { description: 'The run is not over yet.' },
  },
})

const GateRule = builder.enumType('GateRule', {
  description: 'What a check is about.',
  values: {
    COMPLETED: { description: 'The run ended by itself, or because its comparison was decided. Part of every gate.' },
    MIN_MEAN: { description: 'The mean of a score is large enough.' },
    NOT_WORSE: { description: 'A metric is not worse than in the baseline by more than the margin.' },
    MAX_FAILURE_RATE: { description: 'Few enough items failed.' },
    MAX_COST: { description: 'The run was cheap enough.' },
    MAX_AVG_COST: { description: 'Its items were cheap enough on average.' },
    MAX_AVG_LATENCY: { description: 'The task was fast enough on average.' },
    MAX_P95_LATENCY: { description: 'The task was fast enough nearly always.' },
  },
})

const GateCheck = builder.objectRef<GateCheckShape>('GateCheck').implement({
  description: 'How one rule of a gate came out. What is not known does not pass.',
  fields: (t) => ({
    rule: t.expose('rule', { type: GateRule, description: 'The rule.' }),
    metric: t.expose('metric', {
      type: MetricRef,
      nullable: true,
      description: 'What MIN_MEAN and NOT_WORSE are about; null for other rules, which say it themselves.',
    }),
    passed: t.exposeBoolean('passed', { description: 'Whether it is fulfilled.' }),
    limit: t.exposeFloat('limit', { nullable: true, description: 'The limit, smallest mean or margin.' }),
    actual: t.exposeFloat('actual', { nullable: true, description: 'What the run has; for NOT_WORSE the difference.' }),
    reason: t.exposeString('reason', { description: 'The same for people.' }),
  }),
})

const GateResult = builder.objectRef<GateResultShape>('GateResult').implement({
  description: 'What became of a run at a gate.',
  fields: (t) => ({
    status: t.expose('status', { type: GateStatus, description: 'Whether it passed.' }),
    checks: t.expose('checks', { type: [GateCheck], description: 'Every rule, with a reason.' }),
  }),
})

builder.objectField(ExperimentRef, 'gate', (t) =>
  t.field({
    type: Gate,
    nullable: true,
    description: 'What its runs must fulfil; null when nothing is asked for.',
    resolve: ({ gate }) => gate as GateShape | null,
  }),
)

builder.objectField(RunRef, 'gate', (t) =>
  t.field({
    type: GateResult,
    nullable: true,
    description:
      'Whether the run fulfils a gate; null when there is none. Checked when asked for: `notWorse` takes a whole comparison of the run, so ask for few runs at once.',
    extensions: { cost: comparisonCost },
    args: {
      gate: t.arg({ type: GateInput, description: 'Default: that of its experiment.' }),
      baselineId: t.arg.id({
        description: 'What `notWorse` compares with; default: the approved baseline. Without one it does not pass.',
      }),
    },
    resolve: (run, { gate, baselineId }, { services, scope, comparisons, loaders }) =>
      checkRun(
        services.db,
        comparisons.sequences,
        scope,
        run,
        { gate, baselineId: optionalRawId('Run', baselineId, ['baselineId']) },
        {
          experiment: (id) => loaders.links.load('experiment', id),
          summaries: (runId) => loaders.scoreSummaries.load(runId),
          buckets: (runId) => loaders.latencyBuckets.load(runId),
        },
      ),
  }),
)

mutation('setGate', {
  description: 'Sets what the runs of an experiment must fulfil.',
  input: {
    description: 'What the runs of an experiment must fulfil.',
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
