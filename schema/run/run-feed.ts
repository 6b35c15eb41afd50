import type { RunFeedBatch } from '../../src/feed/run-feed.ts'
import { eventsOf } from '../abortable-events.ts'
import { builder } from '../builder.ts'
import { perEvent } from '../per-event.ts'
import { RunItemRef, RunRef } from '../refs.ts'
import { rawId } from '../relay/global-id.ts'

const RunFeedBatchRef = builder.objectRef<RunFeedBatch>('RunFeedBatch').implement({
  description:
    'What changed in a run since the last batch. Merge items by id: each one is whole and in its latest state.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'Pass it as `after` to continue after this batch.' }),
    run: t.expose('run', { type: RunRef, description: 'The run, at least as new as the items.' }),
    items: t.expose('items', { type: [RunItemRef], description: 'The items that changed, in the order they changed.' }),
    done: t.exposeBoolean('done', { description: 'Whether this is the last batch: the run has ended.' }),
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
    },
    subscribe: (_root, { runId, after }, { feeds, scope }) =>
      eventsOf((signal) => feeds.subscribe(scope, rawId('Run', runId, ['runId']), after ?? null, signal)),
    resolve: perEvent((batch: RunFeedBatch) => [batch.run]),
  }),
)
