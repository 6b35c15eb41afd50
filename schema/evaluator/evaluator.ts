import type { Evaluator } from '../../src/db/generated/prisma/client.ts'
import type { CurrentVersion } from '../../src/db/sql/evaluator/list-evaluators.ts'
import type { EvaluatorSpec } from '../../src/domain/evaluation.ts'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import type { ScoreCondition as ScoreConditionShape } from '../../src/domain/score-condition.ts'
import { evaluatorHash } from '../../src/engine/evaluator-hash.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { Direction, FailurePolicy, ScoreDataType } from '../enums.ts'
import { DatasetRef } from '../refs.ts'
import { EvaluatorDefinition } from './evaluator-definition.ts'
import { ScoreCondition } from './score-condition.ts'

builder.prismaNode('Evaluator', {
  description: 'Scores the outputs of runs. It is versioned: a run keeps the version it started with.',
  id: { field: 'id' },
  findUnique: (id, { scope }) => ({ id, projectId: scope.projectId }),
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Unique in the project; also the name of its scores.' }),
    description: t.exposeString('description', { nullable: true, description: 'Its purpose.' }),
    version: t.exposeInt('version', {
      description: 'The current version, from 1; any change that affects its scores creates a new one.',
    }),
    active: t.exposeBoolean('active', {
      description: 'Whether it scores new runs of its datasets when their experiments name no evaluators.',
    }),
    datasets: t.field({
      type: [DatasetRef],
      description: 'The datasets that it is limited to; empty: all.',
      resolve: async (evaluator, _args, { loaders }) => {
        const limited = await loaders.evaluatorDatasets.load(evaluator.id)
        return Promise.all(limited.map(({ datasetId }) => loaders.links.load('dataset', datasetId)))
      },
    }),
    timeoutMs: t.exposeInt('timeoutMs', {
      description: 'The time limit of one call, in milliseconds, apart from that of tasks.',
    }),
    maxAttempts: t.exposeInt('maxAttempts', {
      description: 'Calls for one item before a failure that may pass is final.',
    }),
    sampling: t.float({
      description: 'Share of the items it scores, above 0 and up to 1.',
      resolve: async (evaluator, _args, context) => (await currentVersion(evaluator, context)).sampling,
    }),
    dataType: t.field({
      type: ScoreDataType,
      description: 'The type of its scores.',
      resolve: async (evaluator, _args, context) => (await currentVersion(evaluator, context)).dataType,
    }),
    direction: t.field({
      type: Direction,
      description: 'Which of its scores are better.',
      resolve: async (evaluator, _args, context) => (await currentVersion(evaluator, context)).direction,
    }),
    min: t.float({
      nullable: true,
      description: 'The lowest possible value of its scores; null: no bound.',
      resolve: async (evaluator, _args, context) => (await currentVersion(evaluator, context)).min,
    }),
    max: t.float({
      nullable: true,
      description: 'The highest possible value of its scores; null: no bound.',
      resolve: async (evaluator, _args, context) => (await currentVersion(evaluator, context)).max,
    }),
    categories: t.stringList({
      nullable: true,
      description: 'The possible labels of its scores; null: any.',
      resolve: async (evaluator, _args, context) =>
        (await currentVersion(evaluator, context)).categories as string[] | null,
    }),
    failurePolicy: t.field({
      type: FailurePolicy,
      description: 'How items without a value count.',
      resolve: async (evaluator, _args, context) => (await currentVersion(evaluator, context)).failurePolicy,
    }),
    definition: t.field({
      type: EvaluatorDefinition,
      description: 'How it scores.',
      resolve: async (evaluator, _args, context) => {
        const { definition } = await currentVersion(evaluator, context)
        return definition as unknown as EvaluatorSpec
      },
    }),
    onlyIf: t.field({
      type: ScoreCondition,
      nullable: true,
      description: 'Only items whose score by another evaluator is like this are scored; null: all.',
      resolve: async (evaluator, _args, context) =>
        (await currentVersion(evaluator, context)).onlyIf as unknown as ScoreConditionShape | null,
    }),
    hash: t.string({
      description: 'Identifies what decides on its scores: versions with equal ones score alike.',
      resolve: async (evaluator, _args, context) => {
        const { definition, dataType } = await currentVersion(evaluator, context)
        return evaluatorHash(definition as unknown as EvaluatorSpec, dataType)
      },
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
    deletedAt: t.expose('deletedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was deleted; it stays readable for its scores.',
    }),
  }),
})

/** Rows of lists and mutations include it; elsewhere it is loaded on request. */
async function currentVersion(
  evaluator: Evaluator & { current?: CurrentVersion },
  { loaders }: Context,
): Promise<CurrentVersion> {
  const current = evaluator.current ?? (await loaders.currentVersion.load(evaluator.id))
  if (!current) {
    throw new Error(`Evaluator ${encodeGlobalId('Evaluator', evaluator.id)} has no version ${evaluator.version}`)
  }
  return current
}
