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
import { runItemKey } from './run-item.ts'

const RunFeedBatchRef = builder.objectRef<RunFeedBatch>('RunFeedBatch').implement({
  description:
    'What changed in a run since the last batch. Merge items by id: each one is whole and in its latest state.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'Pass it as `after` to continue after this batch.' }),
    run: t.field({
      type: RunRef,
      nullable: true,
      description:
        'The run with its progress and statistics at one moment, at least as new as the items; null when it was deleted, in the last batch.',
      resolve: (batch) => batch.run,
    }),
    items: t.expose('items', {
      type: [RunItemRef],
      description:
        'The items that changed, in the order they changed. A document that does not ask for them gets a batch a few times a second at most.',
    }),
    changedOutside: t.exposeInt('changedOutside', {
      description: 'How many items outside the window changed; 0 without one.',
    }),
    done: t.exposeBoolean('done', { description: 'Whether the run has ended and everything is delivered.' }),
  }),
})

builder.subscriptionField('runFeed', (t) =>
  t.field({
    type: RunFeedBatchRef,
    description:
      'Rows of a run that changed after a cursor, in their latest state: first what is already there, then live, until the run has ended. Nothing is lost between a query of `Run.cursor` and a feed from it, or across reconnects.',
    args: {
      runId: t.arg.id({ required: true, description: 'The run.' }),
      after: t.arg.string({
        description:
          'A cursor of this run; default: from the beginning. One from before the database was restored is refused with CURSOR_EXPIRED: start over without it.',
      }),
      window: t.arg({
        type: FeedWindowInput,
        description:
          'Only these items, the others are counted; default: all. For another window, query its items and follow them from `Run.cursor` of the same answer.',
      }),
      until: t.arg({
        type: FeedUntil,
        required: true,
        defaultValue: 'END',
        description: 'When it ends. Either way it does when the run is deleted, with a batch whose `run` is null.',
      }),
    },
    subscribe: (_root, { runId, after, window, until }, { feeds, scope }, info) =>
      eventsOf((signal) => {
        const id = rawId('Run', runId, ['runId'])
        const without = (['items', 'changedOutside'] as const).filter((part) => !selects(info, part))
        const options = {
          window: ordinalsIn(feedWindow(window, 'RunItem'), id),
          without,
          stats: selects(info, 'run', 'stats'),
          until,
        }
        return feeds.subscribe(scope, id, after ?? null, signal, options)
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
