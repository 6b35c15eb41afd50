import type { ComparisonFeedBatch as Batch } from '../../src/feed/comparison-feed.ts'
import { eventsOf } from '../abortable-events.ts'
import { builder } from '../builder.ts'
import { perEvent } from '../per-event.ts'
import { RunRef } from '../refs.ts'
import { comparisonInput, MetricComparisonRef, MetricMarginInput } from './comparison.ts'
import { ComparisonRowRef } from './comparison-row.ts'

const ComparisonFeedBatch = builder.objectRef<Batch>('ComparisonFeedBatch').implement({
  description:
    'What changed in the compared runs since the last batch. Merge rows by the id of their dataset item: each one is whole and in its latest state.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'Pass it as `after` to continue after this batch.' }),
    runs: t.field({
      type: [RunRef],
      description: 'The runs, baseline first, at least as new as the rows.',
      resolve: ({ comparison }) => comparison.runs,
    }),
    metrics: t.expose('metrics', {
      type: [MetricComparisonRef],
      description:
        'The comparison so far, in place of that of earlier batches. While runs execute it may be some seconds old; in the last batch it is what `compareRuns` returns.',
    }),
    rows: t.expose('rows', { type: [ComparisonRowRef], description: 'The items that any of the runs changed.' }),
    done: t.exposeBoolean('done', { description: 'Whether this is the last batch: all runs have ended.' }),
  }),
})

builder.subscriptionField('comparisonFeed', (t) =>
  t.field({
    type: ComparisonFeedBatch,
    description:
      'Runs beside each other while they execute: rows that changed after a cursor and the statistics so far, until all runs have ended. `sequence` may be looked at at any time; the other figures come when the runs are complete.',
    args: {
      baselineId: t.arg.id({ description: 'Default: the approved baseline of the dataset.' }),
      candidateIds: t.arg.idList({ required: true, description: '1–10 runs of the same dataset.' }),
      margin: t.arg.float({ description: 'As for `compareRuns`.' }),
      margins: t.arg({ type: [MetricMarginInput], description: 'As for `compareRuns`.' }),
      after: t.arg.string({
        description:
          'A cursor of this comparison; default: from the beginning. One from before the database was restored is refused with CURSOR_EXPIRED: start over without it.',
      }),
    },
    subscribe: (_root, { after, ...args }, { comparisons, scope }) =>
      eventsOf((signal) => comparisons.subscribe(scope, comparisonInput(args), after ?? null, signal)),
    resolve: perEvent((batch: Batch) => batch.comparison.runs),
  }),
)
