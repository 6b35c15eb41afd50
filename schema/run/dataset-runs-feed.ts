import type { Run } from '../../src/db/generated/prisma/client.ts'
import { datasetRuns } from '../../src/feed/dataset-runs-feed.ts'
import { eventsOf } from '../abortable-events.ts'
import { builder } from '../builder.ts'
import { perEvent } from '../per-event.ts'
import { RunRef } from '../refs.ts'
import { rawId } from '../relay/global-id.ts'

builder.subscriptionField('datasetRuns', (t) =>
  t.field({
    type: RunRef,
    description:
      'The runs of a dataset as they are: first those that have not ended, then each one that was started or moved, a few times a second at most.',
    args: { datasetId: t.arg.id({ required: true, description: 'The dataset.' }) },
    subscribe: (_root, { datasetId }, { services, feeds, scope }) =>
      eventsOf((signal) =>
        datasetRuns(services.db, feeds.changes, scope, rawId('Dataset', datasetId, ['datasetId']), signal),
      ),
    resolve: perEvent((run: Run) => [run]),
  }),
)
