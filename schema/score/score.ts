import type { Score } from '../../src/db/generated/prisma/client.ts'
import type { ItemError } from '../../src/domain/execution/task.ts'
import { builder } from '../builder.ts'
import { ScoreDataType, ScoreSource } from '../enums.ts'
import { linkTo } from '../links.ts'
import { EvaluatorRef, RunItemRef, RunRef, ScoreRef } from '../refs.ts'
import { RunItemError } from '../run/run-item.ts'

/** `<run id>:<number>`, the raw id of a score. */
export function scoreKey(rawId: string): { runId: string; id: string } {
  const [runId = '', id = ''] = rawId.split(':')
  return { runId, id }
}

builder.node(ScoreRef, {
  description: 'A score of a run item or of a whole run.',
  id: { resolve: (score) => `${score.runId}:${score.id}` },
  loadWithoutCache: (id, { loaders }) => loaders.score.load(scoreKey(id)),
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What is scored; scores of one name are summarized together.' }),
    dataType: t.expose('dataType', { type: ScoreDataType, description: 'The type of its value.' }),
    value: t.exposeFloat('value', { nullable: true, description: 'The value of NUMERIC and BOOLEAN (0 or 1) scores.' }),
    label: t.exposeString('label', {
      nullable: true,
      description:
        'The category of a CATEGORICAL or the text of a TEXT score; of a judge, the label that has this value.',
    }),
    comment: t.exposeString('comment', { nullable: true, description: 'Why.' }),
    metadata: t.expose('metadata', { type: 'JSON', nullable: true, description: 'Any data stored with it.' }),
    costUsd: t.exposeFloat('costUsd', {
      nullable: true,
      description: 'What its evaluator says that it cost; null when unknown.',
    }),
    source: t.expose('source', { type: ScoreSource, description: 'Its origin.' }),
    evaluator: t.field({
      type: EvaluatorRef,
      nullable: true,
      description: 'Its evaluator, as it is now; null for scores of people and programs.',
      resolve: async ({ evaluatorVersionId }, _args, { loaders: { links } }) => {
        if (evaluatorVersionId == null) return null
        const { evaluatorId } = await links.load('evaluatorVersion', evaluatorVersionId)
        return links.load('evaluator', evaluatorId)
      },
    }),
    evaluatorVersion: t.int({
      nullable: true,
      description: 'The version of its evaluator.',
      resolve: async ({ evaluatorVersionId }, _args, { loaders }) =>
        evaluatorVersionId == null ? null : (await loaders.links.load('evaluatorVersion', evaluatorVersionId)).version,
    }),
    author: t.exposeString('author', { nullable: true, description: 'The person or program that set it.' }),
    error: t.field({
      type: RunItemError,
      nullable: true,
      description: 'The error of its evaluator; there is no value then.',
      resolve: (score) => score.error as ItemError | null,
    }),
    run: t.field({
      type: RunRef,
      description: 'The run, also of a scored item.',
      resolve: linkTo('run', (score) => score.runId),
    }),
    runItem: t.field({
      type: RunItemRef,
      nullable: true,
      description: 'The scored run item; null for scores of the whole run.',
      resolve: ({ runId, ordinal }, _args, { loaders }) =>
        ordinal === null ? null : loaders.runItem.load({ runId, ordinal }),
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was set.',
      resolve: ({ createdAt }) => createdAt as Score['createdAt'],
    }),
  }),
})
