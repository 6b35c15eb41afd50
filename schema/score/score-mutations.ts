import { NotFoundError } from '../../src/domain/errors.ts'
import { deleteScore, deleteScores, type SetScoreInput, setScore, setScores } from '../../src/engine/scores.ts'
import { builder } from '../builder.ts'
import { bulkDeletion, deletion } from '../deletion.ts'
import { ScoreDataType } from '../enums.ts'
import { mutation } from '../mutation.ts'
import { ScoreRef } from '../refs.ts'
import { rawId } from '../relay/global-id.ts'
import { runItemKey } from '../run/run-item.ts'
import { scoreKey } from './score.ts'

const ScoreTargetInput = builder.inputType('ScoreTargetInput', {
  description: 'The target of a score: exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    runItemId: t.id({ description: 'One item of a run.' }),
    runId: t.id({ description: 'A whole run.' }),
  }),
})

const GivenScoreSource = builder.enumType('GivenScoreSource', {
  description: 'The origin of a score.',
  values: { HUMAN: { description: 'A person.' }, API: { description: 'A program.' } } as const,
})

const scoreFields = (t: PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>) => ({
  target: t.field({ type: ScoreTargetInput, required: true, description: 'Its target.' }),
  name: t.string({ required: true, description: 'What is scored.' }),
  value: t.float({ description: 'The value of a NUMERIC or BOOLEAN (0 or 1) score.' }),
  label: t.string({ description: 'The category of a CATEGORICAL or the text of a TEXT score.' }),
  dataType: t.field({ type: ScoreDataType, description: 'Default: CATEGORICAL with a label, NUMERIC with a value.' }),
  comment: t.string({ description: 'Why.' }),
  metadata: t.field({ type: 'JSON', description: 'Any data to store with it.' }),
  source: t.field({ type: GivenScoreSource, required: true, defaultValue: 'HUMAN', description: 'Its origin.' }),
})

const ScoreInput = builder.inputType('ScoreInput', {
  description:
    'A score by `viewer.person`. It replaces the one of the same name, source and author on the same target.',
  fields: scoreFields,
})

/** The score as the engine's input. */
function scoreOf({ target, ...score }: typeof ScoreInput.$inferInput, path: string[]): SetScoreInput {
  const about =
    target.runItemId != null
      ? runItemKey(rawId('RunItem', target.runItemId, [...path, 'target', 'runItemId']))
      : { runId: rawId('Run', target.runId ?? '', [...path, 'target', 'runId']), ordinal: null }
  return { ...score, ...about }
}

mutation('setScore', {
  description: 'Scores a run item or a whole run, as a person or a program.',
  input: {
    description:
      'A score by `viewer.person`. It replaces the one of the same name, source and author on the same target.',
    fields: scoreFields,
  },
  errors: [NotFoundError],
  resolve: async (input, { services, scope }) => ({ score: await setScore(services, scope, scoreOf(input, [])) }),
  payload: {
    description: 'The score was set.',
    fields: (t) => ({ score: t.expose('score', { type: ScoreRef, description: 'The score.' }) }),
  },
})

mutation('setScores', {
  description: 'Scores up to 1,000 run items and runs, all or none.',
  input: {
    description: 'Scores to set.',
    fields: (t) => ({
      scores: t.field({ type: [ScoreInput], required: true, description: '1–1,000 different scores.' }),
    }),
  },
  errors: [NotFoundError],
  resolve: async ({ scores }, { services, scope }) => {
    const inputs = scores.map((score, index) => scoreOf(score, ['scores', String(index)]))
    return { scores: await setScores(services, scope, inputs) }
  },
  payload: {
    description: 'All scores were set.',
    fields: (t) => ({
      scores: t.expose('scores', { type: [ScoreRef], description: 'The scores, in the order of the input.' }),
    }),
  },
})

deletion('deleteScore', {
  type: 'Score',
  description: 'Deletes a score.',
  remove: (id, { services, scope }) => deleteScore(services, scope, scoreKey(id)),
})

bulkDeletion('deleteScores', {
  type: 'Score',
  description: 'Deletes up to 1,000 scores, all or none.',
  remove: (ids, { services, scope }) => deleteScores(services, scope, ids.map(scoreKey)),
})
