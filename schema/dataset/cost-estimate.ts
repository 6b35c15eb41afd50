import { type CostEstimate, estimateCost } from '../../src/engine/estimate-cost.ts'
import { builder } from '../builder.ts'
import { TaskInput, taskSpec } from '../experiment/task.ts'
import { DatasetRef, RunRef } from '../refs.ts'

const CostEstimateRef = builder.objectRef<CostEstimate>('CostEstimate').implement({
  description: 'What one call of a task is expected to cost on average, in US dollars; what is unknown is null.',
  fields: (t) => ({
    run: t.field({
      type: RunRef,
      nullable: true,
      description: 'The run that it follows: the newest of the same endpoint, function or model; null: there is none.',
      resolve: ({ runId }, _args, { services }) =>
        runId === null ? null : services.db.prisma.run.findUnique({ where: { id: runId } }),
    }),
    costUsd: t.exposeFloat('costUsd', {
      nullable: true,
      description: 'The whole call. Of a prompt: with answers as long as those of `run`.',
    }),
    inputCostUsd: t.exposeFloat('inputCostUsd', {
      nullable: true,
      description: 'Of a prompt: what is sent to the model, as rendered for a sample of the items.',
    }),
    maxCostUsd: t.exposeFloat('maxCostUsd', {
      nullable: true,
      description: 'Of a prompt with `maxOutputTokens`: the whole call, if its answer is that long.',
    }),
    inputTokens: t.exposeFloat('inputTokens', {
      nullable: true,
      description: 'Of a prompt: tokens sent, at 4 bytes of text each, without files and tools.',
    }),
    outputTokens: t.exposeFloat('outputTokens', {
      nullable: true,
      description: 'Of a prompt: tokens of an answer, as in `run`.',
    }),
    sampleSize: t.exposeInt('sampleSize', { description: 'The number of items that a prompt was rendered for.' }),
    unrenderedCount: t.exposeInt('unrenderedCount', {
      description: 'How many of them it cannot be rendered for, such as for want of a variable.',
    }),
  }),
})

builder.objectField(DatasetRef, 'costEstimate', (t) =>
  t.field({
    type: CostEstimateRef,
    description: 'What one call of a task is expected to cost on its items. Nothing is called.',
    args: { task: t.arg({ type: TaskInput, required: true, description: 'The task.' }) },
    resolve: ({ id }, { task }, { services, scope }) => estimateCost(services, scope, id, taskSpec(task), new Date()),
  }),
)
