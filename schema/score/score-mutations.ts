import type { Score } from '../../src/db/generated/prisma/client.ts'
import { deleteScore, setScore } from '../../src/engine/scores.ts'
import { builder } from '../builder.ts'
import { DeleteInput, DeleteResult } from '../deletion.ts'
import { ScoreDataType } from '../enums.ts'
import { ScoreRef } from '../refs.ts'
import { rawId } from '../relay/global-id.ts'
import { runItemKey } from '../run/run-item.ts'
import { resultOf } from '../user-error.ts'
import { scoreKey } from './score.ts'

const ScoreTargetInput = builder.inputType('ScoreTargetInput', {
  description: 'What a score is about: exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    runItemId: t.id({ description: 'One item of a run.' }),
    runId: t.id({ description: 'A run as a whole.' }),
  }),
})

const GivenScoreSource = builder.enumType('GivenScoreSource', {
  description: 'Who gives a score.',
  values: { HUMAN: { description: 'A person.' }, API: { description: 'A program.' } } as const,
})

const SetScoreInput = builder.inputType('SetScoreInput', {
  description:
    'A score. You are its author (`viewer.person`); it replaces the one of the same name, source and author on the same target.',
  fields: (t) => ({
    target: t.field({ type: ScoreTargetInput, required: true, description: 'What it is about.' }),
    name: t.string({ required: true, description: 'What is judged.' }),
    value: t.float({ description: 'The value of a NUMERIC or BOOLEAN (0 or 1) score.' }),
    label: t.string({ description: 'The category of a CATEGORICAL or the text of a TEXT score.' }),
    dataType: t.field({ type: ScoreDataType, description: 'Default: CATEGORICAL with a label, NUMERIC with a value.' }),
    comment: t.string({ description: 'Why.' }),
    metadata: t.field({ type: 'JSON', description: 'Anything you want to keep with it.' }),
    source: t.field({ type: GivenScoreSource, required: true, defaultValue: 'HUMAN', description: 'Who gives it.' }),
  }),
})

const ScorePayload = builder.objectRef<{ score: Score }>('ScorePayload').implement({
  description: 'The score was set.',
  fields: (t) => ({ score: t.expose('score', { type: ScoreRef, description: 'The score.' }) }),
})

const ScoreResult = resultOf('ScoreResult', ScorePayload)

builder.mutationFields((t) => ({
  setScore: t.field({
    type: ScoreResult,
    description: 'Scores a run item or a run, as a person or a program.',
    args: { input: t.arg({ type: SetScoreInput, required: true, description: 'The score.' }) },
    resolve: async (_root, { input: { target, ...score } }, { services, scope }) => {
      const about = target.runItemId
        ? runItemKey(rawId('RunItem', target.runItemId, ['target', 'runItemId']))
        : { runId: rawId('Run', target.runId ?? '', ['target', 'runId']), ordinal: null }
      return { score: await setScore(services, scope, { ...score, ...about }) }
    },
  }),
  deleteScore: t.field({
    type: DeleteResult,
    description: 'Deletes a score.',
    args: { input: t.arg({ type: DeleteInput, required: true, description: 'The score.' }) },
    resolve: async (_root, { input: { id } }, { services, scope }) => {
      await deleteScore(services, scope, scoreKey(rawId('Score', id, ['id'])))
      return { deletedId: id }
    },
  }),
}))
