import type { Interval as IntervalShape } from '../../src/domain/statistics/interval.ts'
import {
  compareMetrics,
  type MetricComparison as MetricComparisonShape,
} from '../../src/engine/comparison/compare-metrics.ts'
import { type Comparison, openComparison } from '../../src/engine/comparison/comparison.ts'
import { comparisonDifferences } from '../../src/engine/comparison/differences.ts'
import { builder } from '../builder.ts'
import { Direction, ScoreDataType } from '../enums.ts'
import { MetricInput, MetricRef } from '../metric.ts'
import { RunRef } from '../refs.ts'
import { optionalRawId, rawIds } from '../relay/global-id.ts'
import {
  ComparisonFilter,
  ComparisonOrder,
  ComparisonRowConnection,
  comparisonRowsConnection,
} from './comparison-row.ts'
import { ComparisonDifference } from './differences.ts'

const Verdict = builder.enumType('Verdict', {
  description: 'Conclusions about a candidate by one metric; rules in docs/statistics.md.',
  values: {
    IMPROVED: { description: 'Significantly better.' },
    REGRESSED: { description: 'Significantly worse.' },
    NOT_WORSE: { description: 'Not worse by more than the margin.' },
    INCONCLUSIVE: {
      description: 'Undecided; `pairsNeeded` estimates what would decide it. It does not mean "no difference".',
    },
  },
})

const ComparisonMethod = builder.enumType('ComparisonMethod', {
  description: 'How interval and p value were computed; formulas in docs/statistics.md.',
  values: {
    EXACT_MCNEMAR: { description: "Exact McNemar test and Tango's score interval: every value is 0 or 1." },
    STUDENT_T: { description: 'Paired t test and interval.' },
    BCA_BOOTSTRAP: {
      description: 'BCa bootstrap interval and exact sign test: few pairs that all changed in one direction.',
    },
    EXACT_SIGN: { description: 'Exact sign test, no interval: the differences have no spread.' },
  },
})

const Interval = builder.objectRef<IntervalShape>('Interval').implement({
  description: 'A 95 % interval of the true difference, in the units of the metric, both ends included.',
  fields: (t) => ({
    low: t.exposeFloat('low', { description: 'Lower end.' }),
    high: t.exposeFloat('high', { description: 'Upper end.' }),
  }),
})

export const MetricComparisonRef = builder.objectRef<MetricComparisonShape>('MetricComparison').implement({
  description:
    'One metric of one candidate against the baseline, over the items with a value in both runs.\nRepetitions are averaged first. Items that are not compared are counted in `missing`.',
  fields: (t) => ({
    metric: t.expose('metric', { type: MetricRef, description: 'The metric.' }),
    dataType: t.expose('dataType', {
      type: ScoreDataType,
      nullable: true,
      description: 'The type of the score; null for latency and cost.',
    }),
    candidate: t.expose('candidate', { type: RunRef, description: 'The run that is compared with the baseline.' }),
    direction: t.expose('direction', { type: Direction, description: 'Which values are better.' }),
    margin: t.exposeFloat('margin', {
      description: 'How much worse it may be and still count as not worse, as requested.',
    }),
    baselineMean: t.exposeFloat('baselineMean', {
      nullable: true,
      description: 'Mean of the baseline over the pairs.',
    }),
    candidateMean: t.exposeFloat('candidateMean', {
      nullable: true,
      description: 'Mean of the candidate over the pairs.',
    }),
    delta: t.exposeFloat('delta', { nullable: true, description: 'Mean of candidate − baseline over the pairs.' }),
    interval: t.expose('interval', {
      type: Interval,
      nullable: true,
      description:
        'Paired 95 % interval of `delta`. Null until both runs are complete, because it is valid only once, at the end.',
    }),
    sequence: t.expose('sequence', {
      type: Interval,
      nullable: true,
      description:
        '95 % interval of `delta`, valid at any time, over the pairs finished so far in schedule order.\nNull for metrics without bounds, and when the differences drift: later pairs contradict earlier ones.',
    }),
    sequencePairs: t.exposeInt('sequencePairs', { description: 'Number of pairs in `sequence`.' }),
    pValue: t.exposeFloat('pValue', {
      nullable: true,
      description: 'The probability of a difference this large by chance. Null until both runs are complete.',
    }),
    adjustedPValue: t.exposeFloat('adjustedPValue', {
      nullable: true,
      description:
        'The p value, Holm-corrected for all metrics and candidates of this comparison; it decides the verdict.',
    }),
    method: t.expose('method', {
      type: ComparisonMethod,
      nullable: true,
      description: 'How interval and p value were computed; null when there are none.',
    }),
    pairs: t.exposeInt('pairs', { description: 'Items with a value in both runs.' }),
    improved: t.exposeInt('improved', { description: 'Pairs that improved; 0 for a metric without direction.' }),
    regressed: t.exposeInt('regressed', { description: 'Pairs that regressed; 0 for a metric without direction.' }),
    unchanged: t.exposeInt('unchanged', { description: 'Pairs that did not change.' }),
    missing: t.exposeInt('missing', {
      description:
        'Items of either run that have no value in one of them: not in that run, failed, not scored, not finished.',
    }),
    leftOut: t.exposeInt('leftOut', {
      description: 'Items of both runs that are left out because they are not alike: see `RunComparison.differences`.',
    }),
    verdict: t.expose('verdict', { type: Verdict, description: 'The conclusion.' }),
    pairsNeeded: t.exposeInt('pairsNeeded', {
      nullable: true,
      description: 'For INCONCLUSIVE: about how many more pairs would decide it, if the effect is as observed.',
    }),
  }),
})

/** The document cost of a field that reads every item of the runs: a page of 20 runs may ask for the gate of each. */
export const comparisonCost = 2_000

const RunComparison = builder.objectRef<Comparison>('RunComparison').implement({
  description: 'A comparison of runs of one dataset.',
  fields: (t) => ({
    baseline: t.expose('baseline', {
      type: RunRef,
      nullable: true,
      description: 'The run that the others are compared with; null if none was requested and none is approved.',
    }),
    candidates: t.expose('candidates', {
      type: [RunRef],
      description: 'The others, in the order of the request.',
    }),
    differences: t.field({
      type: [ComparisonDifference],
      description:
        'In what candidates are not like the baseline: content of items, evaluators of scores. Empty where all is alike.',
      extensions: { cost: comparisonCost / 2 },
      resolve: (comparison, _args, { services }) => comparisonDifferences(services.db, comparison),
    }),
    metrics: t.field({
      type: [MetricComparisonRef],
      description:
        'All scores of the runs by name, then latency and cost; one of each for every candidate. Empty without a baseline.',
      extensions: { cost: comparisonCost },
      resolve: (comparison, _args, { services, comparisons }) =>
        compareMetrics(services.db, comparisons.sequences, comparison),
    }),
    rows: t.field({
      type: ComparisonRowConnection,
      description:
        'The items of all runs, aligned; without a baseline no value counts as changed.\n`totalCount` is known without a filter if all runs used one version and one of them has all of its items.',
      extensions: { cost: comparisonCost },
      args: {
        ...t.arg.connectionArgs(),
        filter: t.arg({ type: ComparisonFilter, description: 'Which items; all of the conditions must hold.' }),
        orderBy: t.arg({ type: ComparisonOrder, description: 'Default: in the order they are executed.' }),
      },
      resolve: (comparison, args, context, info) => comparisonRowsConnection(context, comparison, args, info),
    }),
  }),
})

export const MetricMarginInput = builder.inputType('MetricMarginInput', {
  description: 'How much worse one metric may be and still count as not worse.',
  fields: (t) => ({
    metric: t.field({ type: MetricInput, required: true, description: 'A score, latency or cost.' }),
    margin: t.float({ required: true, description: '0 or more, in the units of the metric.' }),
  }),
})

export const includeUnlike = {
  description:
    'Whether items with other content, and scores of other versions of an evaluator, are compared too; default false.',
} as const

/** The arguments of `compareRuns` and `comparisonFeed`, with raw ids. */
export function comparisonInput(args: {
  baselineId?: string | null
  candidateIds: readonly string[]
  margin?: number | null
  margins?: readonly (typeof MetricMarginInput.$inferInput)[] | null
  includeUnlike?: boolean | null
}) {
  return {
    baselineId: optionalRawId('Run', args.baselineId, ['baselineId']),
    candidateIds: rawIds('Run', args.candidateIds, ['candidateIds']),
    margin: args.margin ?? null,
    margins: args.margins ?? null,
    includeUnlike: args.includeUnlike ?? false,
  }
}

builder.queryField('compareRuns', (t) =>
  t.field({
    type: RunComparison,
    description: 'Compares 1–10 runs with a baseline: item by item, and metric by metric with a verdict.',
    args: {
      baselineId: t.arg.id({
        description: 'Default: the approved baseline of the dataset; none where none is approved.',
      }),
      candidateIds: t.arg.idList({ required: true, description: '1–10 runs of the same dataset.' }),
      margin: t.arg.float({
        description: 'How much worse every score may be and still count as not worse; default 0.',
      }),
      margins: t.arg({ type: [MetricMarginInput], description: 'The same for single metrics.' }),
      includeUnlike: t.arg.boolean(includeUnlike),
    },
    resolve: (_root, args, { services, scope }) => openComparison(services.db, scope, comparisonInput(args)),
  }),
)
