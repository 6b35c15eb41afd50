import type { RunsFeedBatch } from '../../src/feed/runs-feed.ts'
import { eventsOf } from '../abortable-events.ts'
import { builder } from '../builder.ts'
import { perEvent } from '../per-event.ts'
import { rawId } from '../relay/global-id.ts'
import { RunsFeedBatchRef } from './runs-feed.ts'

builder.subscriptionField('datasetRuns', (t) =>
  t.field({
    type: RunsFeedBatchRef,
    description: 'Like `runsFeed`, for the runs of a dataset.',
    args: {
      datasetId: t.arg.id({ required: true, description: 'The dataset.' }),
      after: t.arg.string({ description: 'As in `runsFeed`; a cursor belongs to one dataset.' }),
    },
    subscribe: (_root, { datasetId, after }, { feeds, scope, shared }) =>
      eventsOf((signal) => {
        const of = {
          datasetId: rawId('Dataset', datasetId, ['datasetId']),
          after: shared?.after ?? after ?? null,
        }
        return feeds.runs.subscribe(scope, of, signal)
      }),
    resolve: perEvent((batch: RunsFeedBatch) => batch.runs),
  }),
)
