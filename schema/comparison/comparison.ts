import { compareMetrics } from '../../src/engine/comparison/compare-metrics.ts'
import { type Comparison, openComparison } from '../../src/engine/comparison/comparison.ts'
import { comparisonDifferences } from '../../src/engine/comparison/differences.ts'
import { builder } from '../builder.ts'
import { FailurePolicy } from '../enums.ts'
import { MetricInput } from '../metric.ts'
import { RunRef } from '../refs.ts'
import { optionalRawId, rawIds } from '../relay/global-id.ts'
import {
  ComparisonFilter,
  ComparisonOrder,
  ComparisonRowConnection,
  comparisonRowsConnection,
} from './comparison-row.ts'
import { CountedScoreInput } from './counted-score.ts'
import { ComparisonDifference } from './differences.ts'
import { MetricComparisonRef } from './metric-comparison.ts'
import { PrimaryMetricsInput } from './primary-metrics.ts'

/** The document cost of a field that reads every item of the runs: a page of 20 runs may ask for the gate of each. */
export const comparisonCost = 2_000

export const RunComparison = builder.objectRef<Comparison>('RunComparison').implement({
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
      // A page in the order of the schedule reads no more than it shows, of runs with one seed (load-page.ts).
      extensions: { cost: comparisonCost, costOnlyWith: ['filter', 'orderBy'] },
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
    ofBaseline: t.boolean({
      description: 'Whether `margin` is a share of the mean of the baseline: 0.05 is 5 % of it; default false.',
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
  counted?: readonly (typeof CountedScoreInput.$inferInput)[] | null
  latencyFailures?: typeof FailurePolicy.$inferType | null
}) {
  return {
    baselineId: optionalRawId('Run', args.baselineId, ['baselineId']),
    candidateIds: rawIds('Run', args.candidateIds, ['candidateIds']),
    margin: args.margin ?? null,
    margins: args.margins ?? null,
    includeUnlike: args.includeUnlike ?? false,
    clusterPath: args.clusterPath ?? null,
    primaryMetrics: args.primaryMetrics ?? null,
    counted: args.counted ?? null,
    latencyFailures: args.latencyFailures ?? null,
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
      counted: t.arg({
        type: [CountedScoreInput],
        description:
          'Scores that are also compared as counted in another way: pass@k, labels that are a success; at most 20.',
      }),
      latencyFailures: t.arg({
        type: FailurePolicy,
        description:
          'What failed calls count as in latency. MISSING (default): left out; WORST: as long as the longest timeout of the\nruns (censored); REFUSE: no verdict while any failed.',
      }),
    },
    resolve: (_root, args, { services, scope }) => openComparison(services.db, scope, comparisonInput(args)),
  }),
)
