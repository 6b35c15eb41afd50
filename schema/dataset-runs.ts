import type { Run } from '../src/db/generated/prisma/client.ts'
import { datasetRuns } from '../src/feed/dataset-runs-feed.ts'
import { builder } from './builder.ts'
import { eventsOf } from './events.ts'
import { rawId } from './global-id.ts'
import { createLoaders } from './loaders.ts'
import { RunRef } from './refs.ts'

builder.subscriptionField('datasetRuns', (t) =>
  t.field({
    type: RunRef,
    description:
      'The runs of a dataset as they are: first those that have not ended, then each one that was started or moved, a few times a second at most.',
    args: { datasetId: t.arg.id({ required: true, description: 'The dataset.' }) },
    subscribe: (_root, { datasetId }, { engine, feeds, scope }) =>
      eventsOf((signal) =>
        datasetRuns(engine.db, feeds.changes, scope, rawId('Dataset', datasetId, ['datasetId']), signal),
      ),
    resolve: (run: Run, _args, context) => {
      context.loaders = createLoaders(context.engine.db, context.scope)
      return run
    },
  }),
)
