import type { Run } from '../../src/db/generated/prisma/client.ts'
import { listRuns } from '../../src/db/sql/run/list-runs.ts'
import { avgCostUsd } from '../../src/domain/run-figures.ts'
import { builder } from '../builder.ts'
import { DatasetRef, RunRef } from '../refs.ts'
import { checkPageSize, pageRequest } from '../relay/connection.ts'
import { DistributionRef, latencyOf, ScoreSummary, scoresOf } from './run-stats.ts'

const RunTrendPoint = builder.objectRef<Run>('RunTrendPoint').implement({
  description: 'One run of a dataset, for charts over its runs.',
  fields: (t) => ({
    run: t.field({ type: RunRef, description: 'The run.', resolve: (run) => run }),
    latencyMs: t.field({
      type: DistributionRef,
      nullable: true,
      description: 'Milliseconds of the task alone, over succeeded items.',
      resolve: (run, _args, context) => latencyOf(run, context),
    }),
    avgLatencyMs: t.float({
      nullable: true,
      description: 'Mean milliseconds of the task, over succeeded items.',
      resolve: (run) => (run.succeeded > 0 ? run.latencySum / run.succeeded : null),
    }),
    avgCostUsd: t.float({
      nullable: true,
      description: 'Mean cost of the task over the items whose cost is known.',
      resolve: avgCostUsd,
    }),
    scores: t.field({
      type: [ScoreSummary],
      description: 'A summary of every score name, by name.',
      resolve: (run, _args, context) => scoresOf(run, context),
    }),
  }),
})

builder.objectField(DatasetRef, 'runTrends', (t) =>
  t.field({
    type: [RunTrendPoint],
    description: 'The newest runs, oldest first, at a cost that does not depend on their size.',
    args: { last: t.arg.int({ required: true, defaultValue: 50, description: 'How many runs, 1–100.' }) },
    resolve: async (dataset, { last }, { loaders }) => {
      checkPageSize('last', last)
      const newestFirst = listRuns('dataset', {}, { by: 'CREATED_AT', descending: true })
      const request = pageRequest({ first: last }, { name: 'CREATED_AT', parts: 2 })
      const { rows } = await loaders.page<Run>(newestFirst, dataset.id, request)
      return rows.toReversed()
    },
  }),
)
