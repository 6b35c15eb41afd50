import { ConflictError, NotFoundError } from '../../src/domain/errors.ts'
import { approveBaseline, removeBaseline } from '../../src/engine/comparison/baselines.ts'
import { builder } from '../builder.ts'
import { linkTo } from '../links.ts'
import { mutation } from '../mutation.ts'
import { DatasetRef, RunRef } from '../refs.ts'
import { rawId } from '../relay/global-id.ts'

interface ApprovedBaseline {
  runId: string
  author: string | null
  approvedAt: Date
}

const DatasetBaseline = builder.objectRef<ApprovedBaseline>('DatasetBaseline').implement({
  description: 'The default baseline for the runs of a dataset.',
  fields: (t) => ({
    run: t.field({
      type: RunRef,
      description: 'The run.',
      resolve: linkTo('run', (baseline) => baseline.runId),
    }),
    author: t.exposeString('author', { nullable: true, description: 'The person who approved it.' }),
    approvedAt: t.expose('approvedAt', { type: 'DateTime', description: 'When it was approved.' }),
  }),
})

builder.objectField(DatasetRef, 'baseline', (t) =>
  t.field({
    type: DatasetBaseline,
    nullable: true,
    description: 'The approved baseline; null when none is approved.',
    resolve: ({ baselineRunId, baselineAuthor, baselineApprovedAt }): ApprovedBaseline | null =>
      baselineRunId === null || baselineApprovedAt === null
        ? null
        : { runId: baselineRunId, author: baselineAuthor, approvedAt: baselineApprovedAt },
  }),
)

mutation('approveBaseline', {
  description: 'Approves a run as the baseline of its dataset, replacing any other. The author is `viewer.person`.',
  input: {
    description: 'A run to compare other runs with.',
    fields: (t) => ({ runId: t.id({ required: true, description: 'A finished run.' }) }),
  },
  errors: [NotFoundError, ConflictError],
  resolve: async ({ runId }, { services, scope }) => ({
    dataset: await approveBaseline(services, scope, rawId('Run', runId, ['runId'])),
  }),
  payload: {
    description: 'The run is the baseline.',
    fields: (t) => ({ dataset: t.expose('dataset', { type: DatasetRef, description: 'Its dataset as it is now.' }) }),
  },
})

mutation('removeBaseline', {
  description: 'Removes the baseline of a dataset.',
  input: {
    description: 'The dataset whose baseline to remove.',
    fields: (t) => ({ datasetId: t.id({ required: true, description: 'The dataset.' }) }),
  },
  errors: [NotFoundError],
  resolve: async ({ datasetId }, { services, scope }) => ({
    dataset: await removeBaseline(services, scope, rawId('Dataset', datasetId, ['datasetId'])),
  }),
  payload: {
    description: 'The dataset has no baseline.',
    fields: (t) => ({ dataset: t.expose('dataset', { type: DatasetRef, description: 'The dataset as it is now.' }) }),
  },
})
