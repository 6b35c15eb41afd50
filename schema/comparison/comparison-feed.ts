import type { ComparisonFeedBatch as Batch } from '../../src/feed/comparison-feed.ts'
import { eventsOf } from '../abortable-events.ts'
import { builder } from '../builder.ts'
import { perEvent } from '../per-event.ts'
import { RunRef } from '../refs.ts'
import { FeedUntil, FeedWindowInput, feedWindow } from '../run/feed-arguments.ts'
import { selects } from '../selects.ts'
import { comparisonInput, MetricComparisonRef, MetricMarginInput } from './comparison.ts'
import { ComparisonRowRef } from './comparison-row.ts'

const ComparisonFeedBatch = builder.objectRef<Batch>('ComparisonFeedBatch').implement({
  description:
    'What changed in the compared runs since the last batch, everything at one moment. Merge rows by the id of their dataset item: each one is whole and in its latest state.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'Pass it as `after` to continue after this batch.' }),
    runs: t.field({
      type: [RunRef],
      description:
        'The runs with their progress and statistics, baseline (if any) first; none when one of them was deleted, in the last batch.',
      resolve: ({ runs }) => [...runs],
    }),
    metrics: t.expose('metrics', {
      type: [MetricComparisonRef],
      nullable: true,
      description:
        'The comparison so far, in place of an earlier one. Null in batches that come before it is computed again; in the last batch it is what `compareRuns` returns.',
    }),
    rows: t.expose('rows', { type: [ComparisonRowRef], description: 'The items that any of the runs changed.' }),
    changedOutside: t.exposeInt('changedOutside', {
      description: 'How many items outside the window any of the runs changed; 0 without one.',
    }),
    done: t.exposeBoolean('done', { description: 'Whether all runs have ended and everything is delivered.' }),
  }),
})

builder.subscriptionField('comparisonFeed', (t) =>
  t.field({
    type: ComparisonFeedBatch,
    description:
      'Runs beside each other while they execute: rows that changed after a cursor and the statistics so far, until all runs have ended. `sequence` may be looked at at any time; the other figures come when the runs are complete.',
    args: {
      baselineId: t.arg.id({
        description:
          'Default: the one approved when the subscription begins; without one there are rows, and no metrics.',
      }),
      candidateIds: t.arg.idList({ required: true, description: '1–10 runs of the same dataset.' }),
      margin: t.arg.float({ description: 'As for `compareRuns`.' }),
      margins: t.arg({ type: [MetricMarginInput], description: 'As for `compareRuns`.' }),
      after: t.arg.string({
        description:
          'A cursor of this comparison; default: from the beginning. One from before the database was restored is refused with CURSOR_EXPIRED: start over without it.',
      }),
      window: t.arg({
        type: FeedWindowInput,
        description: 'Only these rows, the others are counted; default: all.',
      }),
      until: t.arg({
        type: FeedUntil,
        required: true,
        defaultValue: 'END',
        description: 'When it ends. Either way it does when a run is deleted, with a batch whose `runs` are empty.',
      }),
    },
    subscribe: (_root, { after, window, until, ...args }, { comparisons, scope }, info) =>
      eventsOf((signal) => {
        const without = (['rows', 'metrics', 'changedOutside'] as const).filter((part) => !selects(info, part))
        const stats = [['runs'], ['rows', 'cells', 'run'], ['metrics', 'candidate']]
        const also = [
          ...(stats.some((path) => selects(info, ...path, 'stats')) ? (['stats'] as const) : []),
          ...(selects(info, 'rows', 'cells', 'items', 'scores') ? (['itemScores'] as const) : []),
        ]
        const options = { window: feedWindow(window, 'DatasetItem'), without, also, until }
        return comparisons.subscribe(scope, comparisonInput(args), after ?? null, signal, options)
      }),
    resolve: perEvent(
      (batch: Batch) => batch.runs,
      (batch) => batch.stats,
    ),
  }),
)
