import {
  compareMetrics,
  type MetricComparison as MetricComparisonShape,
} from '../../src/engine/comparison/compare-metrics.ts'
import { type Comparison, openComparison } from '../../src/engine/comparison/comparison.ts'
import { comparisonDifferences } from '../../src/engine/comparison/differences.ts'
import { builder } from '../builder.ts'
import { Direction, FailurePolicy, ScoreDataType } from '../enums.ts'
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
import { PrimaryMetricsInput } from './primary-metrics.ts'
import { InconclusiveReason, Interval, OnTheseItems, Verdict } from './verdict.ts'

const ComparisonMethod = builder.enumType('ComparisonMethod', {
  description: 'How interval and p value were computed; formulas in docs/statistics.md.',
  values: {
    EXACT_MCNEMAR: { description: "Exact McNemar test and Tango's score interval: every value is 0 or 1." },
    CLUSTERED_T: { description: 'Paired t test and interval over the clusters of items that belong together.' },
    CLUSTER_SIGN_FLIP: {
      description: 'The same where every value is 0 or 1, with a p value from flipping the signs of whole clusters.',
    },
    STUDENT_T: { description: 'Paired t test and interval.' },
    BCA_BOOTSTRAP: {
      description: 'BCa bootstrap interval and exact sign test: few pairs that all changed in one direction.',
    },
    EXACT_SIGN: { description: 'Exact sign test: the differences have no spread, and no interval without bounds.' },
  },
})

const Clusters = builder.objectRef<NonNullable<MetricComparisonShape['clusters']>>('Clusters').implement({
  description: 'Items that belong together, and how much their differences resemble each other.',
  fields: (t) => ({
    count: t.exposeInt('count', {
      description: 'Clusters with a pair; an item without a value at the path is its own.',
    }),
    icc: t.exposeFloat('icc', {
      nullable: true,
      description: 'Correlation of two differences of one cluster: 0 for independent ones, 1 for copies.',
    }),
    designEffect: t.exposeFloat('designEffect', {
      nullable: true,
      description: 'How many times the variance of `delta` is that of so many independent items.',
    }),
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
      description: 'The type of the score; null for other metrics.',
    }),
    candidate: t.expose('candidate', { type: RunRef, description: 'The run that is compared with the baseline.' }),
    direction: t.expose('direction', { type: Direction, description: 'Which values are better.' }),
    failurePolicy: t.expose('failurePolicy', {
      type: FailurePolicy,
      nullable: true,
      description: 'How failed executions count in the score; null for other metrics.',
    }),
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
    selected: t.exposeBoolean('selected', {
      description:
        'Whether a run was stopped because of this comparison: `delta` is then larger than the true difference on average.',
    }),
    bounds: t.expose('bounds', {
      type: Interval,
      nullable: true,
      description:
        'What `delta` may be, whatever the values are that are missing because calls or evaluators failed.\nNull until both runs are complete, without pairs, and if a missing value could be anything.',
    }),
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
        'The p value, corrected for the other metrics and candidates and for missing values; it decides the verdict.\nNull without a verdict.',
    }),
    method: t.expose('method', {
      type: ComparisonMethod,
      nullable: true,
      description: 'How interval and p value were computed; null when there are none.',
    }),
    clusters: t.expose('clusters', {
      type: Clusters,
      nullable: true,
      description:
        'The clusters of items that belong together; null where no path is named, until both runs are complete.',
    }),
    pairs: t.exposeInt('pairs', { description: 'Items with a value in both runs.' }),
    improved: t.exposeInt('improved', { description: 'Pairs that improved; 0 for a metric without direction.' }),
    regressed: t.exposeInt('regressed', { description: 'Pairs that regressed; 0 for a metric without direction.' }),
    unchanged: t.exposeInt('unchanged', { description: 'Pairs that did not change.' }),
    missing: t.exposeInt('missing', {
      description:
        'Items of either run that have no value in one of them: not in that run, failed, not scored, not finished.',
    }),
    lacking: t.exposeInt('lacking', {
      description: 'Of the missing: executed in both runs, but a call or an evaluator failed.',
    }),
    notExecuted: t.exposeInt('notExecuted', {
      description: 'Of the missing: not executed in both runs. The others do not apply, or were not sampled.',
    }),
    leftOut: t.exposeInt('leftOut', {
      description: 'Items of both runs that are left out because they are not alike: see `RunComparison.differences`.',
    }),
    verdict: t.expose('verdict', {
      type: Verdict,
      description: 'The conclusion for items like these, of which these are a sample.',
    }),
    reason: t.expose('reason', {
      type: InconclusiveReason,
      nullable: true,
      description: 'Why it is INCONCLUSIVE; null otherwise.',
    }),
    detectable: t.exposeFloat('detectable', {
      nullable: true,
      description:
        'For INCONCLUSIVE: the smallest true difference that would have been shown with 80 % probability.\nNull if nothing could have been.',
    }),
    onTheseItems: t.expose('onTheseItems', {
      type: OnTheseItems,
      description: 'The conclusion for exactly these items.',
    }),
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
        'All scores of the runs by name, then latency, cost and failed items; one of each for every candidate.\nEmpty without a baseline.',
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
    metric: t.field({ type: MetricInput, required: true, description: 'The metric.' }),
    margin: t.float({
      required: true,
      description: '0 or more, in the units of the metric. Latency and cost have a verdict if they are named.',
    }),
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
  clusterPath?: readonly string[] | null
  primaryMetrics?: typeof PrimaryMetricsInput.$inferInput | null
}) {
  return {
    baselineId: optionalRawId('Run', args.baselineId, ['baselineId']),
    candidateIds: rawIds('Run', args.candidateIds, ['candidateIds']),
    margin: args.margin ?? null,
    margins: args.margins ?? null,
    includeUnlike: args.includeUnlike ?? false,
    clusterPath: args.clusterPath ?? null,
    primaryMetrics: args.primaryMetrics ?? null,
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
      clusterPath: t.arg.stringList({
        description:
          'Where the metadata says which items belong together, and are not independent: `["passage"]`; empty: none do.\nDefault: as the dataset says.',
      }),
      primaryMetrics: t.arg({
        type: PrimaryMetricsInput,
        description: 'What the candidates are judged by; default: as the experiment of the newest run says.',
      }),
    },
    resolve: (_root, args, { services, scope }) => openComparison(services.db, scope, comparisonInput(args)),
  }),
)
