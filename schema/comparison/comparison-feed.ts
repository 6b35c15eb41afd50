import type { ComparisonFeedBatch as Batch } from '../../src/feed/comparison-feed.ts'
import { eventsOf } from '../abortable-events.ts'
import { builder } from '../builder.ts'
import { FailurePolicy } from '../enums.ts'
import { perEvent } from '../per-event.ts'
import { RunRef } from '../refs.ts'
import { FeedUntil, FeedWindowInput, feedWindow } from '../run/feed-arguments.ts'
import { selects } from '../selects.ts'
import { comparisonInput, MetricMarginInput } from './comparison.ts'
import { ComparisonRowRef, leftOutOfRows } from './comparison-row.ts'
import { CountedScoreInput } from './counted-score.ts'
import { MetricComparisonRef } from './metric-comparison.ts'
import { PrimaryMetricsInput } from './primary-metrics.ts'

const ComparisonFeedBatch = builder.objectRef<Batch>('ComparisonFeedBatch').implement({
  description:
    'What changed in the compared runs since the last batch, as of one moment.\nMerge the rows by the id of their dataset item: each one is complete and in its latest state.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'Pass it as `after` to continue after this batch.' }),
    runs: t.field({
      type: [RunRef],
      description:
        'The runs with progress and statistics, baseline (if any) first; empty in the last batch if one was deleted.',
      resolve: ({ runs }) => [...runs],
    }),
    metrics: t.expose('metrics', {
      type: [MetricComparisonRef],
      nullable: true,
      description:
        'The comparison so far, replacing earlier ones; null in batches for which it was not computed again.\nIn the last batch it is what `compareRuns` returns.',
    }),
    rows: t.expose('rows', { type: [ComparisonRowRef], description: 'The items that changed in any of the runs.' }),
    changedOutside: t.exposeInt('changedOutside', {
      description: 'Number of changed items outside the window; 0 without one.',
    }),
    done: t.exposeBoolean('done', { description: 'Whether all runs have finished and everything is delivered.' }),
  }),
})

builder.subscriptionField('comparisonFeed', (t) =>
  t.field({
    type: ComparisonFeedBatch,
    description:
      'A live comparison: rows that changed after a cursor and the statistics so far, until all runs have finished.\n`sequence` is valid at any time; the other figures come when the runs are complete.',
    args: {
      baselineId: t.arg.id({
        description:
          'Default: the baseline approved when the subscription starts; without one there are rows, but no metrics.',
      }),
      candidateIds: t.arg.idList({ required: true, description: '1–10 runs of the same dataset.' }),
      margin: t.arg.float({ description: 'As in `compareRuns`.' }),
      margins: t.arg({ type: [MetricMarginInput], description: 'As in `compareRuns`.' }),
      includeUnlike: t.arg.boolean({ description: 'As in `compareRuns`.' }),
      clusterPath: t.arg.stringList({ description: 'As in `compareRuns`.' }),
      primaryMetrics: t.arg({ type: PrimaryMetricsInput, description: 'As in `compareRuns`.' }),
      counted: t.arg({ type: [CountedScoreInput], description: 'As in `compareRuns`.' }),
      latencyFailures: t.arg({ type: FailurePolicy, description: 'As in `compareRuns`.' }),
      after: t.arg.string({
        description:
          'A cursor of this comparison; default: from the beginning.\nCursors from before a restore of the database are refused with CURSOR_EXPIRED: start over without one.',
      }),
      window: t.arg({
        type: FeedWindowInput,
        description: 'Only these rows, the others are counted; default: all.',
      }),
      until: t.arg({
        type: FeedUntil,
        required: true,
        defaultValue: 'END',
        description: 'When it ends; in any case when a run is deleted, with a batch whose `runs` are empty.',
      }),
    },
    subscribe: (_root, { after, window, until, ...args }, { comparisons, scope, shared }, info) =>
      eventsOf((signal) => {
        const without = (['rows', 'metrics', 'changedOutside'] as const).filter((part) => !selects(info, part))
        const stats = [['runs'], ['rows', 'cells', 'run'], ['metrics', 'candidate']]
        const options = {
          window: feedWindow(window, 'DatasetItem'),
          without,
          leftOut: leftOutOfRows(info, ['rows']),
          stats: stats.some((path) => selects(info, ...path, 'stats')),
          until,
        }
        const from = shared?.after ?? after ?? null
        return comparisons.subscribe(scope, comparisonInput(args), from, signal, options)
      }),
    resolve: perEvent(
      (batch: Batch) => batch.runs,
      (batch) => batch.stats,
    ),
  }),
)
