import type { Run } from '../../src/db/generated/prisma/client.ts'
import { listRuns } from '../../src/db/sql/run/list-runs.ts'
import { avgCostUsd } from '../../src/domain/run-figures.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { DatasetRef, ExperimentRef, RunRef } from '../refs.ts'
import { checkPageSize } from '../relay/connection.ts'
import { DistributionRef, latencyOf, ScoreSummary, scoresOf } from './run-stats.ts'

const RunTrendPoint = builder.objectRef<Run>('RunTrendPoint').implement({
  description: 'One run of a dataset or an experiment, for charts over its runs.',
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
      resolve: (run) => (run.latencyMin === null ? null : run.latencySum / run.succeeded),
    }),
    avgCostUsd: t.float({
      nullable: true,
      description: 'Mean cost of the task over the items whose cost is known.',
      resolve: avgCostUsd,
    }),
    scores: t.field({
      type: [ScoreSummary],
      description: 'A summary of every score, by name and source.',
      resolve: (run, _args, context) => scoresOf(run, context),
    }),
  }),
})

const last = { required: true, defaultValue: 50, description: 'How many runs, 1–100.' } as const

builder.objectField(DatasetRef, 'runTrends', (t) =>
  t.field({
    type: [RunTrendPoint],
    description: 'The newest runs, oldest first. The cost does not depend on the size of the runs.',
    args: { last: t.arg.int(last) },
    resolve: (dataset, { last }, context) => trends(context, 'dataset', dataset.id, last),
  }),
)

builder.objectFields(ExperimentRef, (t) => ({
  runTrends: t.field({
    type: [RunTrendPoint],
    description: 'Its newest runs, oldest first. The cost does not depend on the size of the runs.',
    args: { last: t.arg.int(last) },
    resolve: (experiment, { last }, context) => trends(context, 'experiment', experiment.id, last),
  }),
  latestRun: t.field({
    type: RunRef,
    nullable: true,
    description: 'Its newest run; null before the first.',
    resolve: async (experiment, _args, context) =>
      (await newestRuns(context, 'experiment', experiment.id, 1))[0] ?? null,
  }),
}))

async function trends(context: Context, parent: 'dataset' | 'experiment', id: string, last: number): Promise<Run[]> {
  checkPageSize('last', last)
  return (await newestRuns(context, parent, id, last)).toReversed()
}

async function newestRuns({ loaders }: Context, parent: 'dataset' | 'experiment', id: string, limit: number) {
  const newestFirst = listRuns(parent, {}, { by: 'CREATED_AT', descending: true })
  const { rows } = await loaders.page<Run>(newestFirst, id, { limit, backward: false, after: null, before: null })
  return rows
}
