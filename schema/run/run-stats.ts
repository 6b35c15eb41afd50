import type { Run, RunScoreLabel, RunScoreSummary } from '../../src/db/generated/prisma/client.ts'
import type { FailureCount as FailureCountRow } from '../../src/db/sql/run/count-unknown.ts'
import { addFailures, type Failures, type ItemErrorCode } from '../../src/domain/execution/task.ts'
import { avgCostUsd, etaSeconds, finishedCount, missingCount, totalCostUsd } from '../../src/domain/run-figures.ts'
import type { Interval as IntervalShape } from '../../src/domain/statistics/interval.ts'
import type { Distribution } from '../../src/domain/statistics/latency-histogram.ts'
import { distribution } from '../../src/domain/statistics/latency-histogram.ts'
import { mean, standardDeviation, standardError, summaryInterval } from '../../src/domain/statistics/score-figures.ts'
import { builder } from '../builder.ts'
import { Interval } from '../comparison/interval.ts'
import type { Context } from '../context.ts'
import { Direction, FailurePolicy, RunItemErrorCode, ScoreDataType, ScoreSource } from '../enums.ts'

export const RunProgress = builder.objectRef<Run>('RunProgress').implement({
  description: 'Number of items of a run by status: these numbers always add up to the total. Evaluations apart.',
  fields: (t) => ({
    total: t.exposeInt('total', { description: 'Items times repetitions.' }),
    queued: t.exposeInt('queued', { description: 'Not started, or waiting for another attempt.' }),
    running: t.exposeInt('running', { description: 'Being executed.' }),
    succeeded: t.exposeInt('succeeded', { description: 'Returned an output.' }),
    failed: t.exposeInt('failed', { description: 'Failed in the last attempt.' }),
    cancelled: t.exposeInt('cancelled', { description: 'Unfinished when the run was cancelled or stopped.' }),
    openEvaluations: t.int({
      description: 'Evaluations of succeeded items that are still to be made. The run ends when there are none.',
      resolve: ({ evaluationsQueued, evaluationsRunning }) => evaluationsQueued + evaluationsRunning,
    }),
    etaSeconds: t.float({
      nullable: true,
      description: 'Estimated seconds until the end; 0 when it has finished, null when unknown.',
      resolve: (run) => etaSeconds(run, new Date()),
    }),
  }),
})

export const DistributionRef = builder.objectRef<Distribution>('Distribution').implement({
  description: 'The distribution of values. Quantiles are within 1 %, everything else is exact.',
  fields: (t) => ({
    count: t.exposeInt('count', { description: 'How many values.' }),
    avg: t.exposeFloat('avg', { description: 'Their mean.' }),
    min: t.exposeFloat('min', { description: 'The smallest.' }),
    p50: t.exposeFloat('p50', { description: 'The median.' }),
    p90: t.exposeFloat('p90', { description: 'The 90th percentile.' }),
    p95: t.exposeFloat('p95', { description: 'The 95th percentile.' }),
    p99: t.exposeFloat('p99', { description: 'The 99th percentile.' }),
    max: t.exposeFloat('max', { description: 'The largest.' }),
  }),
})

export const LabelCount = builder.objectRef<Pick<RunScoreLabel, 'label' | 'count'>>('LabelCount').implement({
  description: 'The number of executions with a label.',
  fields: (t) => ({
    label: t.exposeString('label', { description: 'The category.' }),
    count: t.exposeInt('count', { description: 'The number of executions.' }),
  }),
})

const ScoreReducer = builder.enumType('ScoreReducer', {
  description: 'How the scores of an item’s repetitions are reduced to one.',
  values: {
    MEAN: { description: 'Their mean.' },
    MAJORITY: { description: 'The most frequent; the lowest of several equally frequent ones.' },
    ANY: { description: 'The best: pass@k for a boolean score.' },
    ALL: { description: 'The worst: pass^k for a boolean score.' },
  },
})

export const ScoreSummary = builder.objectRef<RunScoreSummary & { run: Run }>('ScoreSummary').implement({
  description:
    'The scores of one name from one source in one run. Of several people or programs an execution has the mean, or the\nlabel that most of them gave; an item has the mean of its repetitions. Failed and missing ones are counted beside.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the score.' }),
    source: t.expose('source', { type: ScoreSource, description: 'Who gave the scores.' }),
    dataType: t.expose('dataType', { type: ScoreDataType, description: 'The type of its value.' }),
    direction: t.expose('direction', { type: Direction, description: 'Which values are better.' }),
    lowest: t.exposeFloat('lowest', {
      nullable: true,
      description: 'The lowest possible value, as the run pinned it; null: no bound.',
    }),
    highest: t.exposeFloat('highest', {
      nullable: true,
      description: 'The highest possible value, as the run pinned it; null: no bound.',
    }),
    categories: t.stringList({
      nullable: true,
      description: 'The possible labels, as the run pinned them; null: any.',
      resolve: ({ categories }) => categories as string[] | null,
    }),
    failurePolicy: t.expose('failurePolicy', {
      type: FailurePolicy,
      description: 'How items without a value count, as the run pinned it.',
    }),
    count: t.exposeInt('count', { description: 'Executions with a value or label.' }),
    scoreCount: t.exposeInt('scoreCount', {
      description: 'Values and labels: more than `count` where several people or programs scored an execution.',
    }),
    itemCount: t.exposeInt('items', { description: 'Items with a value.' }),
    errorCount: t.exposeInt('errorCount', {
      description: 'Executions for which there is only an error of the evaluator.',
    }),
    missingCount: t.int({
      description:
        'Finished executions, failed ones included, with neither such a score nor an error of its evaluator.',
      resolve: (summary) => missingCount(summary.run, summary),
    }),
    mean: t.float({
      nullable: true,
      description: 'Mean over the items, repetitions averaged; for booleans the share of true. Null without values.',
      resolve: mean,
    }),
    min: t.exposeFloat('min', {
      nullable: true,
      description: 'The smallest value of an execution; 0 or 1 for booleans. Null without values.',
    }),
    max: t.exposeFloat('max', {
      nullable: true,
      description: 'The largest value of an execution; 0 or 1 for booleans. Null without values.',
    }),
    stddev: t.float({
      nullable: true,
      description: 'Sample standard deviation of the items; null below two.',
      resolve: standardDeviation,
    }),
    stderr: t.float({
      nullable: true,
      description: 'Standard error of the mean: repetitions of an item count as one value. Null below two items.',
      resolve: standardError,
    }),
    interval: t.field({
      type: Interval,
      nullable: true,
      description:
        '95 % interval of the mean: Wilson for booleans, else Student t, of clusters if the dataset has a `clusterPath`.\nNull without values, and without any spread if there is no range. Valid for one look, when the run has finished.',
      resolve: intervalOf,
    }),
    reduced: t.float({
      nullable: true,
      description:
        'The mean over the items of their repetitions reduced to one value. Reads every score of the run.\npass@k is `ANY` of a boolean, pass^k is `ALL`. Failed repetitions of a boolean, and where `failurePolicy` is WORST,\ncount as the worst value, except in MEAN.',
      args: {
        by: t.arg({ type: ScoreReducer, required: true, description: 'How repetitions are reduced to one value.' }),
      },
      resolve: async ({ run, name, source, direction }, { by }, { loaders }) => {
        const all = await loaders.reducedScores.load(run.id)
        const reduced = all.find((row) => row.name === name && row.source === source)
        const lowerIsBetter = direction === 'LOWER_IS_BETTER'
        if (!reduced) return null
        if (by === 'MEAN') return reduced.mean
        if (by === 'MAJORITY') return reduced.majority
        return (by === 'ANY') === lowerIsBetter ? reduced.lowest : reduced.highest
      },
    }),
    labels: t.field({
      type: [LabelCount],
      description: 'Number of executions with each category, most frequent first; empty for numbers.',
      resolve: async ({ run, name, source }, _args, { loaders }) =>
        (await loaders.scoreLabels.load(run.id)).filter((label) => label.name === name && label.source === source),
    }),
  }),
})

const FailureCount = builder.objectRef<FailureCountRow>('FailureCount').implement({
  description: 'The number of items that failed with an error.',
  fields: (t) => ({
    code: t.expose('code', { type: RunItemErrorCode, description: 'The kind of failure.' }),
    count: t.exposeInt('count', { description: 'The number of items.' }),
  }),
})

async function failuresOf(run: Run, { loaders }: Context): Promise<FailureCountRow[]> {
  const known = run.failures as Failures | null
  if (!known) return loaders.failureCounts.load(run.id)
  const failures: Failures = {}
  // In runs from before failures were counted, tasks' own codes are apart.
  for (const [code, count] of Object.entries(known)) addFailures(failures, code, count)
  return Object.entries(failures)
    .map(([code, count]) => ({ runId: run.id, code: code as ItemErrorCode, count }))
    .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1))
}

export async function latencyOf(run: Run, { loaders }: Context): Promise<Distribution | null> {
  const { latencySum: sum, latencyMin: min, latencyMax: max } = run
  return distribution((await loaders.runSummaries.load(run.id)).buckets, { sum, min, max })
}

async function intervalOf(
  { run, name, source, ...summary }: RunScoreSummary & { run: Run },
  _args: object,
  { loaders }: Context,
): Promise<IntervalShape | null> {
  const { clusterPath } = await loaders.links.load('dataset', run.datasetId)
  const sums =
    clusterPath.length === 0
      ? null
      : (await loaders.clusterSums.load(run.id)).find((row) => row.name === name && row.source === source)
  return summaryInterval(summary, sums ?? null)
}

export async function scoresOf(run: Run, { loaders }: Context): Promise<(RunScoreSummary & { run: Run })[]> {
  return (await loaders.runSummaries.load(run.id)).summaries.map((summary) => ({ ...summary, run }))
}

export const RunStats = builder.objectRef<Run>('RunStats').implement({
  description: 'The statistics of a run so far. Costs and tokens are null when none is known, never 0.',
  fields: (t) => ({
    latencyMs: t.field({
      type: DistributionRef,
      nullable: true,
      description: 'Milliseconds of the task alone, over succeeded items.',
      resolve: (run, _args, context) => latencyOf(run, context),
    }),
    costUsd: t.float({
      nullable: true,
      description: 'The cost of the task, over the items whose cost is known.',
      resolve: totalCostUsd,
    }),
    avgCostUsd: t.float({
      nullable: true,
      description: 'Mean cost of the task over the items whose cost is known.',
      resolve: avgCostUsd,
    }),
    unknownCostCount: t.int({
      description: 'Finished items whose cost is not known.',
      resolve: (run) => Math.max(0, finishedCount(run) - run.costCount),
    }),
    evaluatorCostUsd: t.float({
      nullable: true,
      description: 'The cost of the evaluators, as far as they say; not part of `costUsd`. Budgets cover both.',
      resolve: (run) => (run.evaluatorCostCount > 0 ? run.evaluatorCostSum : null),
    }),
    // A large run can exceed the maximum of an Int, 2,147,483,647.
    inputTokens: t.float({
      nullable: true,
      description: 'Input tokens, where known; a whole number.',
      resolve: (run) => tokens(run.inputTokens),
    }),
    outputTokens: t.float({
      nullable: true,
      description: 'Output tokens, where known; a whole number.',
      resolve: (run) => tokens(run.outputTokens),
    }),
    failures: t.field({
      type: [FailureCount],
      description: 'Numbers of failed items by error, most frequent first.',
      resolve: (run, _args, context) => failuresOf(run, context),
    }),
    scores: t.field({
      type: [ScoreSummary],
      description: 'A summary of every score, by name and source; of every evaluator, also if it gave nothing.',
      resolve: (run, _args, context) => scoresOf(run, context),
    }),
  }),
})

function tokens(count: bigint | null): number | null {
  return count === null ? null : Number(count)
}
