import { InvalidInputError } from '../../src/domain/errors.ts'
import type { RunFeedBatch } from '../../src/feed/run-feed.ts'
import type { FeedWindow } from '../../src/feed/window.ts'
import { eventsOf } from '../abortable-events.ts'
import { builder } from '../builder.ts'
import { perEvent } from '../per-event.ts'
import { RunItemRef, RunRef } from '../refs.ts'
import { rawId } from '../relay/global-id.ts'
import { selects } from '../selects.ts'
import { FeedUntil, FeedWindowInput, feedWindow } from './feed-arguments.ts'
import { leftOutBy, runItemKey } from './run-item.ts'

const RunFeedBatchRef = builder.objectRef<RunFeedBatch>('RunFeedBatch').implement({
  description:
    'What changed in a run since the last batch. Merge items by id: each is complete and in its latest state.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'Pass it as `after` to continue after this batch.' }),
    run: t.field({
      type: RunRef,
      nullable: true,
      description:
        'The run with progress and statistics as of one moment, at least as new as the items.\nNull in the last batch if it was deleted.',
      resolve: (batch) => batch.run,
    }),
    items: t.expose('items', {
      type: [RunItemRef],
      description:
        'The changed items, in the order of their changes.\nA document that does not select them gets at most a few batches a second.',
    }),
    changedOutside: t.exposeInt('changedOutside', {
      description: 'Number of changed items outside the window; 0 without one.',
    }),
    done: t.exposeBoolean('done', { description: 'Whether the run has finished and everything is delivered.' }),
  }),
})

builder.subscriptionField('runFeed', (t) =>
  t.field({
    type: RunFeedBatchRef,
    description:
      'Rows of a run that changed after a cursor, in their latest state: first the existing ones, then live changes.\nNothing is lost between a query of `Run.cursor` and a feed from it, or across reconnects.',
    args: {
      runId: t.arg.id({ required: true, description: 'The run.' }),
      after: t.arg.string({
        description:
          'A cursor of this run; default: from the beginning.\nCursors from before a restore of the database are refused with CURSOR_EXPIRED: start over without one.',
      }),
      window: t.arg({
        type: FeedWindowInput,
        description:
          'Only these items, the others are counted; default: all.\nFor another window, query its items and follow them from `Run.cursor` of the same response.',
      }),
      until: t.arg({
        type: FeedUntil,
        required: true,
        defaultValue: 'END',
        description: 'When it ends; in any case when the run is deleted, with a batch whose `run` is null.',
      }),
    },
    subscribe: (_root, { runId, after, window, until }, { feeds, scope, shared }, info) =>
      eventsOf((signal) => {
        const id = rawId('Run', runId, ['runId'])
        const without = (['items', 'changedOutside'] as const).filter((part) => !selects(info, part))
        const options = {
          window: ordinalsIn(feedWindow(window, 'RunItem'), id),
          without,
          leftOut: leftOutBy(info, ['items']),
          stats: selects(info, 'run', 'stats'),
          until,
        }
        return feeds.subscribe(scope, id, shared?.after ?? after ?? null, signal, options)
      }),
    resolve: perEvent(
      (batch: RunFeedBatch) => (batch.run ? [batch.run] : []),
      (batch) => batch.stats,
    ),
  }),
)

function ordinalsIn(window: FeedWindow<string> | null, id: string): FeedWindow<number> | null {
  if (!window || 'positions' in window) return window
  const items = window.items.map((item, index) => {
    const { runId, ordinal } = runItemKey(item)
    if (runId === id) return ordinal
    throw new InvalidInputError('Expected an item of this run, got that of another.', ['window', 'items', `${index}`])
  })
  return { items }
}
