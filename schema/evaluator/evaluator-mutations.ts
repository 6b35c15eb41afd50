import { ConflictError, InvalidInputError, NotFoundError } from '../../src/domain/errors.ts'
import { createEvaluator, deleteEvaluator, restoreEvaluator, updateEvaluator } from '../../src/engine/evaluators.ts'
import { deletion } from '../deletion.ts'
import { Direction, FailurePolicy, ScoreDataType } from '../enums.ts'
import { mutation } from '../mutation.ts'
import { EvaluatorRef } from '../refs.ts'
import { rawId, rawIds } from '../relay/global-id.ts'
import { EvaluatorDefinitionInput, evaluatorSpec } from './evaluator-input.ts'
import { ScoreConditionInput } from './score-condition.ts'

/**
 * Raw ids; null for all datasets. Whoever leaves them out would score the runs of everybody without having meant it.
 * @throws {InvalidInputError} neither at least one nor null
 */
function datasetsOf(ids: readonly string[] | null | undefined): string[] | null {
  if (ids === null) return null
  if (ids === undefined || ids.length === 0) {
    const got = ids === undefined ? 'neither' : 'an empty list'
    throw new InvalidInputError(`Expected the datasets whose runs it scores, or null for all, got ${got}.`, [
      'datasetIds',
    ])
  }
  return rawIds('Dataset', ids, ['datasetIds'])
}

mutation('createEvaluator', {
  description: 'Creates an evaluator. It scores runs that start later.',
  input: {
    description: 'A new evaluator.',
    fields: (t) => ({
      name: t.string({ required: true, description: 'Unique in the project; also the name of its scores.' }),
      description: t.string({ description: 'Its purpose.' }),
      definition: t.field({ type: EvaluatorDefinitionInput, required: true, description: 'How it scores.' }),
      dataType: t.field({
        type: ScoreDataType,
        description: 'Default: that of the definition, else of the score configuration of its name, else NUMERIC.',
      }),
      direction: t.field({
        type: Direction,
        description: 'Default: as for `dataType`, else HIGHER_IS_BETTER, for labels NONE.',
      }),
      min: t.float({ description: 'The lowest possible value of a NUMERIC score. Default: as for `dataType`.' }),
      max: t.float({ description: 'The highest possible value of a NUMERIC score. Default: as for `dataType`.' }),
      categories: t.stringList({ description: 'The possible labels of a CATEGORICAL score; default: any.' }),
      failurePolicy: t.field({
        type: FailurePolicy,
        description: 'How items without a value count; default: WORST for BOOLEAN, else MISSING.',
      }),
      sampling: t.float({ description: 'Share of the items it scores, above 0 and up to 1; default 1.' }),
      onlyIf: t.field({
        type: ScoreConditionInput,
        description: 'Only items whose score by another evaluator is like this are scored. Default: all.',
      }),
      timeoutMs: t.int({
        description: 'The time limit of one call, in milliseconds: 1–3,600,000; default 60,000.',
      }),
      maxAttempts: t.int({
        description: 'Calls for one item before a failure that may pass is final: 1–20; default 3.',
      }),
      active: t.boolean({
        description: 'Whether it scores new runs of experiments that name no evaluators; default true.',
      }),
      datasetIds: t.idList({
        description: 'The datasets whose runs it scores, at least one; null: those of all. Must be given.',
      }),
    }),
  },
  errors: [NotFoundError, ConflictError],
  resolve: async (input, { services, scope }) => ({
    evaluator: await createEvaluator(services, scope, {
      ...input,
      definition: evaluatorSpec(input.definition),
      datasetIds: datasetsOf(input.datasetIds),
    }),
  }),
  payload: {
    description: 'The evaluator was created.',
    fields: (t) => ({ evaluator: t.expose('evaluator', { type: EvaluatorRef, description: 'The new evaluator.' }) }),
  },
})

mutation('updateEvaluator', {
  description:
    'Changes an evaluator; changes that affect scores create a new version. Runs keep the version they started with.',
  input: {
    description: 'The changes; omitted fields stay as they are.',
    fields: (t) => ({
      id: t.id({ required: true, description: 'The evaluator.' }),
      name: t.string({ description: 'A new name.' }),
      description: t.string({ description: 'Its purpose; null clears it.' }),
      definition: t.field({
        type: EvaluatorDefinitionInput,
        description: 'How it scores; a change creates a new version.',
      }),
      dataType: t.field({ type: ScoreDataType, description: 'A change creates a new version.' }),
      direction: t.field({ type: Direction, description: 'A change creates a new version.' }),
      min: t.float({ description: 'A change creates a new version; null: no bound.' }),
      max: t.float({ description: 'A change creates a new version; null: no bound.' }),
      categories: t.stringList({ description: 'A change creates a new version; null: any.' }),
      failurePolicy: t.field({ type: FailurePolicy, description: 'A change creates a new version.' }),
      sampling: t.float({ description: 'A change creates a new version.' }),
      onlyIf: t.field({ type: ScoreConditionInput, description: 'A change creates a new version; null: all items.' }),
      timeoutMs: t.int({
        description: 'The time limit of one call, in milliseconds: 1–3,600,000. No new version.',
      }),
      maxAttempts: t.int({
        description: 'Calls for one item before a failure that may pass is final: 1–20. No new version.',
      }),
      active: t.boolean({ description: 'Whether it scores new runs of experiments that name no evaluators.' }),
      datasetIds: t.idList({ description: 'The datasets whose runs it scores, at least one; null: those of all.' }),
    }),
  },
  errors: [NotFoundError, ConflictError],
  resolve: async (input, { services, scope }) => {
    const { definition, datasetIds } = input
    const evaluator = await updateEvaluator(services, scope, {
      ...input,
      id: rawId('Evaluator', input.id, ['id']),
      definition: definition && evaluatorSpec(definition),
      datasetIds: datasetIds === undefined ? undefined : datasetsOf(datasetIds),
    })
    return { evaluator }
  },
  payload: {
    description: 'The evaluator was changed.',
    fields: (t) => ({
      evaluator: t.expose('evaluator', { type: EvaluatorRef, description: 'The evaluator as it is now.' }),
    }),
  },
})

deletion('deleteEvaluator', {
  type: 'Evaluator',
  description: 'Deletes an evaluator. Its scores stay and still refer to it.',
  remove: (id, { services, scope }) => deleteEvaluator(services, scope, id),
})

mutation('restoreEvaluator', {
  description:
    'Takes a deleted evaluator back, with its versions. It is not active until `updateEvaluator` makes it so.',
  input: {
    description: 'A deleted evaluator.',
    fields: (t) => ({ id: t.id({ required: true, description: 'The evaluator.' }) }),
  },
  errors: [NotFoundError, ConflictError],
  resolve: async ({ id }, { services, scope }) => ({
    evaluator: await restoreEvaluator(services, scope, rawId('Evaluator', id, ['id'])),
  }),
  payload: {
    description: 'The evaluator is there again.',
    fields: (t) => ({
      evaluator: t.expose('evaluator', { type: EvaluatorRef, description: 'The evaluator as it is now.' }),
    }),
  },
})
