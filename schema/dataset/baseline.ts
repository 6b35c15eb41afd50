import type { Dataset } from '../../src/db/generated/prisma/client.ts'
import { approveBaseline, removeBaseline } from '../../src/engine/comparison/baselines.ts'
import { builder } from '../builder.ts'
import { linkTo } from '../links.ts'
import { DatasetRef, RunRef } from '../refs.ts'
import { rawId } from '../relay/global-id.ts'
import { resultOf } from '../user-error.ts'

interface ApprovedBaseline {
  runId: string
  author: string | null
  approvedAt: Date
}

const DatasetBaseline = builder.objectRef<ApprovedBaseline>('DatasetBaseline').implement({
  description: 'The run that runs of a dataset are compared with unless another one is named.',
  fields: (t) => ({
    run: t.field({
      type: RunRef,
      description: 'The run.',
      resolve: linkTo('run', (baseline) => baseline.runId),
    }),
    author: t.exposeString('author', { nullable: true, description: 'The person who approved it.' }),
    approvedAt: t.expose('approvedAt', { type: 'DateTime', description: 'When.' }),
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

const ApproveBaselineInput = builder.inputType('ApproveBaselineInput', {
  description: 'A run to compare others with.',
  fields: (t) => ({
    runId: t.id({ required: true, description: 'A run that is over.' }),
  }),
})

const RemoveBaselineInput = builder.inputType('RemoveBaselineInput', {
  description: 'The dataset whose baseline to remove.',
  fields: (t) => ({ datasetId: t.id({ required: true, description: 'The dataset.' }) }),
})

const BaselinePayload = builder.objectRef<{ dataset: Dataset }>('BaselinePayload').implement({
  description: 'The baseline was changed.',
  fields: (t) => ({ dataset: t.expose('dataset', { type: DatasetRef, description: 'The dataset as it is now.' }) }),
})

const BaselineResult = resultOf('BaselineResult', BaselinePayload)

builder.mutationFields((t) => ({
  approveBaseline: t.field({
    type: BaselineResult,
    description: 'Makes a run the baseline of its dataset, in place of any other, in your name (`viewer.person`).',
    args: { input: t.arg({ type: ApproveBaselineInput, required: true, description: 'The run.' }) },
    resolve: async (_root, { input: { runId } }, { services, scope }) => ({
      dataset: await approveBaseline(services, scope, rawId('Run', runId, ['runId'])),
    }),
  }),
  removeBaseline: t.field({
    type: BaselineResult,
    description: 'Leaves a dataset without a baseline.',
    args: { input: t.arg({ type: RemoveBaselineInput, required: true, description: 'The dataset.' }) },
    resolve: async (_root, { input: { datasetId } }, { services, scope }) => ({
      dataset: await removeBaseline(services, scope, rawId('Dataset', datasetId, ['datasetId'])),
    }),
  }),
}))
