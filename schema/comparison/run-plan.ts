/** How many items and repetitions a run needs, before it is paid for. */
import type { PlanBasis, PlanGoal as PlanGoalShape } from '../../src/domain/statistics/run-plan.ts'
import type { VarianceSplit as VarianceSplitShape } from '../../src/domain/statistics/variance-split.ts'
import {
  expectedExecutions,
  type PlanOption as PlanOptionShape,
  planRun,
  type RunPlan as RunPlanShape,
} from '../../src/engine/comparison/plan-run.ts'
import { builder } from '../builder.ts'
import { MetricInput, MetricRef } from '../metric.ts'
import { RunRef } from '../refs.ts'
import { optionalRawId, rawId } from '../relay/global-id.ts'
import { comparisonCost } from './comparison.ts'

const VarianceSplit = builder.objectRef<VarianceSplitShape>('VarianceSplit').implement({
  description:
    'Where the noise of a difference comes from. The variance of the difference of one item is\n`items` + `repetitions` / the repetitions of both runs.',
  fields: (t) => ({
    items: t.exposeFloat('items', {
      description: 'The variance of the true differences between items: only more items help against it.',
    }),
    repetitions: t.exposeFloat('repetitions', {
      description:
        'That of the answers to one item, of both runs: more repetitions help against it, and more items, too.',
    }),
  }),
})

const PlanOption = builder.objectRef<PlanOptionShape & { plan: RunPlanShape }>('PlanOption').implement({
  description: 'A number of items and repetitions that reaches the goal.',
  fields: (t) => ({
    repetitions: t.exposeInt('repetitions', { description: 'Executions of each item, in both runs.' }),
    items: t.exposeInt('items', { description: 'The number of items.' }),
    executions: t.exposeFloat('executions', { description: 'Items times repetitions; a whole number.' }),
    costUsd: t.exposeFloat('costUsd', {
      nullable: true,
      description:
        'What the executions cost, evaluators included, as in the earlier run; null where that is not wholly known.',
    }),
    isAvailable: t.exposeBoolean('isAvailable', { description: 'Whether the dataset has so many items.' }),
    expectedStop: t.float({
      nullable: true,
      description:
        'Executions after which it is expected to stop early on exactly these items (`earlyStop`), if the goal is met.\nNull without a range of the score, and with more than 100,000 items. Simulated: ask for few options.',
      extensions: { cost: 200 },
      resolve: (option) => expectedExecutions(option.plan, option),
    }),
  }),
})

const PlanGoal = builder.objectRef<PlanGoalShape>('PlanGoal').implement({
  description: 'What a planned run is to show; one of these.',
  fields: (t) => ({
    effect: t.float({
      nullable: true,
      description: 'That there is a difference, if it has this size, in the units of the metric.',
      resolve: ({ kind, size }) => (kind === 'EFFECT' ? size : null),
    }),
    margin: t.float({
      nullable: true,
      description: 'That a loss of more than this is ruled out, if there is none.',
      resolve: ({ kind, size }) => (kind === 'MARGIN' ? size : null),
    }),
  }),
})

const PlanGoalInput = builder.inputType('PlanGoalInput', {
  description: 'What a planned run is to show: exactly one of these, above 0, in the units of the metric.',
  isOneOf: true,
  fields: (t) => ({
    effect: t.float({ description: 'The smallest difference that is worth showing.' }),
    margin: t.float({ description: 'The largest loss that is acceptable: a larger one is to be ruled out.' }),
  }),
})

const basis = (of: (basis: PlanBasis) => number | null) => (plan: RunPlanShape) => of(plan.basis)

const RunPlan = builder.objectRef<RunPlanShape>('RunPlan').implement({
  description: 'How many items and repetitions a run like an earlier one needs to show something.',
  fields: (t) => ({
    run: t.expose('run', { type: RunRef, description: 'The earlier run.' }),
    baseline: t.expose('baseline', {
      type: RunRef,
      nullable: true,
      description:
        'The run that it was compared with. Null: the spread is a guess from the earlier run alone, and larger or smaller\nwhere the systems differ on other items.',
    }),
    metric: t.field({ type: MetricRef, description: 'The metric.', resolve: ({ metric }) => metric.metric }),
    goal: t.expose('goal', { type: PlanGoal, description: 'What is to be shown, as requested.' }),
    power: t.exposeFloat('power', { description: 'The probability of showing it, as requested.' }),
    pairs: t.exposeInt('pairs', { description: 'The items that the spread was measured on.' }),
    variance: t.float({
      description: 'Of the difference of one item, as executed.',
      resolve: (plan) => plan.basis.variance,
    }),
    repetitions: t.int({
      description: 'The repetitions with which it was executed.',
      resolve: (plan) => plan.basis.repetitions,
    }),
    changed: t.float({
      nullable: true,
      description: 'Of a yes/no score without repetitions: the share of items that change. Null for others.',
      resolve: basis(({ changed }) => changed),
    }),
    split: t.field({
      type: VarianceSplit,
      nullable: true,
      description: 'More items or more repetitions? Null where neither run has repetitions.',
      resolve: (plan) => plan.basis.split,
    }),
    designEffect: t.float({
      description: 'How many times as many items are needed because some belong together; 1: they are independent.',
      resolve: (plan) => plan.basis.designEffect,
    }),
    datasetItems: t.exposeInt('datasetItems', { description: 'The items of the newest version of the dataset.' }),
    options: t.field({
      type: [PlanOption],
      description:
        'What reaches the goal: with 1, 2, 3, 5 and 10 repetitions where `split` is known, else with those of the earlier run.\nEmpty if 100 million items would not.',
      resolve: (plan) => plan.options.map((option) => ({ ...option, plan })),
    }),
    recommended: t.field({
      type: PlanOption,
      nullable: true,
      description: 'The option with the fewest executions that the dataset has the items for; null: it has not.',
      resolve: (plan) => plan.recommended && { ...plan.recommended, plan },
    }),
    reached: t.exposeFloat('reached', {
      nullable: true,
      description:
        'The effect or margin that a run of all items of the dataset, executed as before, would show as probably.',
    }),
  }),
})

builder.queryField('planRun', (t) =>
  t.field({
    type: RunPlan,
    description:
      'Plans a run before it is paid for: the items and repetitions that it needs, its cost, and where it would stop.\nFor one primary metric; others beside it that share its 5 % need more.',
    extensions: { cost: comparisonCost },
    args: {
      runId: t.arg.id({ required: true, description: 'A finished run that the planned one will be like.' }),
      baselineId: t.arg.id({
        description: 'A run to measure differences with; default: the approved baseline, if that is another run.',
      }),
      metric: t.arg({ type: MetricInput, required: true, description: 'What is decided by: a metric with numbers.' }),
      goal: t.arg({ type: PlanGoalInput, required: true, description: 'What is to be shown.' }),
      power: t.arg.float({ description: 'The probability of showing it, 0.5 to below 1; default 0.8.' }),
      clusterPath: t.arg.stringList({ description: 'As in `compareRuns`.' }),
    },
    resolve: (_root, { runId, baselineId, ...args }, { services, scope }) =>
      planRun(services.db, scope, {
        ...args,
        runId: rawId('Run', runId, ['runId']),
        baselineId: optionalRawId('Run', baselineId, ['baselineId']),
      }),
  }),
)
