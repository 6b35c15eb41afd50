import type { RunsFeedBatch } from '../../src/feed/runs-feed.ts'
import { eventsOf } from '../abortable-events.ts'
import { builder } from '../builder.ts'
import { perEvent } from '../per-event.ts'
import { RunRef } from '../refs.ts'
import { encodeGlobalId } from '../relay/global-id.ts'

export const RunsFeedBatchRef = builder.objectRef<RunsFeedBatch>('RunsFeedBatch').implement({
  description: 'Runs that changed since the last batch. Merge them by id: each one is in its latest state.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'Pass it as `after` to continue after this batch.' }),
    runs: t.expose('runs', { type: [RunRef], description: 'The runs that were started or changed.' }),
    deletedRunIds: t.idList({
      description: 'Global ids of runs that were deleted.',
      resolve: ({ deletedIds }) => deletedIds.map((id) => encodeGlobalId('Run', id)),
    }),
  }),
})

builder.subscriptionField('runsFeed', (t) =>
  t.field({
    type: RunsFeedBatchRef,
    description:
      'The runs of the project: first unfinished ones and those started, changed or deleted after the cursor,\nthen all further changes, at most a few times a second.\nThe first batch is delivered at once: a list queried after it misses nothing.',
    args: {
      after: t.arg.string({
        description:
          'A cursor of this feed, at most 7 days old; default: from now on.\nOlder ones and those from before a restore of the database are refused with CURSOR_EXPIRED: start over.',
      }),
    },
    subscribe: (_root, { after }, { feeds, scope, shared }) =>
      eventsOf((signal) => {
        const of = { datasetId: null, after: shared?.after ?? after ?? null }
        return feeds.runs.subscribe(scope, of, signal)
      }),
    resolve: perEvent((batch: RunsFeedBatch) => batch.runs),
  }),
)
