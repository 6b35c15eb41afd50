import type { Evaluator } from '../../src/db/generated/prisma/client.ts'
import { createEvaluator, deleteEvaluator, updateEvaluator } from '../../src/engine/evaluators.ts'
import { builder } from '../builder.ts'
import { DeleteInput, DeleteResult } from '../deletion.ts'
import { Direction, ScoreDataType } from '../enums.ts'
import { EvaluatorRef } from '../refs.ts'
import { rawId, rawIds } from '../relay/global-id.ts'
import { resultOf } from '../user-error.ts'
import { EvaluatorDefinitionInput, evaluatorSpec } from './evaluator-input.ts'

const CreateEvaluatorInput = builder.inputType('CreateEvaluatorInput', {
  description: 'A new evaluator.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Unique in the project; its scores carry this name.' }),
    description: t.string({ description: 'What it judges.' }),
    definition: t.field({ type: EvaluatorDefinitionInput, required: true, description: 'How it scores.' }),
    dataType: t.field({ type: ScoreDataType, description: 'Default: what the definition gives.' }),
    direction: t.field({ type: Direction, description: 'Default: what the definition says, else HIGHER_IS_BETTER.' }),
    sampling: t.float({ description: 'Share of the items it scores, above 0 and up to 1; default 1.' }),
    active: t.boolean({ description: 'Whether it scores new runs without being named; default true.' }),
    datasetIds: t.idList({ description: 'Limits it to these datasets; default: all.' }),
  }),
})

const UpdateEvaluatorInput = builder.inputType('UpdateEvaluatorInput', {
  description: 'What to change; fields that are left out or null stay as they are.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The evaluator.' }),
    name: t.string({ description: 'A new name.' }),
    description: t.string({ description: 'What it judges; null clears it.' }),
    definition: t.field({
      type: EvaluatorDefinitionInput,
      description: 'How it scores; a change makes a new version.',
    }),
    dataType: t.field({ type: ScoreDataType, description: 'A change makes a new version.' }),
    direction: t.field({ type: Direction, description: 'A change makes a new version.' }),
    sampling: t.float({ description: 'A change makes a new version.' }),
    active: t.boolean({ description: 'Whether it scores new runs without being named.' }),
    datasetIds: t.idList({ description: 'Limits it to these datasets; empty or null: all.' }),
  }),
})

const EvaluatorPayload = builder.objectRef<{ evaluator: Evaluator }>('EvaluatorPayload').implement({
  description: 'The evaluator was written.',
  fields: (t) => ({
    evaluator: t.expose('evaluator', { type: EvaluatorRef, description: 'The evaluator as it is now.' }),
  }),
})

const EvaluatorResult = resultOf('EvaluatorResult', EvaluatorPayload)

builder.mutationFields((t) => ({
  createEvaluator: t.field({
    type: EvaluatorResult,
    description: 'Creates an evaluator. It scores the runs that start from now on.',
    args: { input: t.arg({ type: CreateEvaluatorInput, required: true, description: 'The evaluator.' }) },
    resolve: async (_root, { input }, { services, scope }) => ({
      evaluator: await createEvaluator(services, scope, {
        ...input,
        definition: evaluatorSpec(input.definition),
        datasetIds: rawIds('Dataset', input.datasetIds ?? [], ['datasetIds']),
      }),
    }),
  }),
  updateEvaluator: t.field({
    type: EvaluatorResult,
    description:
      'Changes an evaluator; whatever changes its scores makes a new version. Runs keep the version they started with.',
    args: { input: t.arg({ type: UpdateEvaluatorInput, required: true, description: 'The changes.' }) },
    resolve: async (_root, { input }, { services, scope }) => {
      const { definition, datasetIds } = input
      const evaluator = await updateEvaluator(services, scope, {
        ...input,
        id: rawId('Evaluator', input.id, ['id']),
        definition: definition ? evaluatorSpec(definition) : undefined,
        datasetIds: datasetIds === undefined ? undefined : rawIds('Dataset', datasetIds ?? [], ['datasetIds']),
      })
      return { evaluator }
    },
  }),
  deleteEvaluator: t.field({
    type: DeleteResult,
    description: 'Deletes an evaluator: it scores nothing new. The scores it gave stay, and still name it.',
    args: { input: t.arg({ type: DeleteInput, required: true, description: 'The evaluator.' }) },
    resolve: async (_root, { input: { id } }, { services, scope }) => {
      await deleteEvaluator(services, scope, rawId('Evaluator', id, ['id']))
      return { deletedId: id }
    },
  }),
}))
