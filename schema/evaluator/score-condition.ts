import type { ScoreCondition as Shape } from '../../src/domain/score-condition.ts'
import { builder } from '../builder.ts'

export const ScoreCondition = builder.objectRef<Shape>('ScoreCondition').implement({
  description: 'What a score of an item must be; all of it must hold.',
  fields: (t) => ({
    score: t.exposeString('score', { description: 'The name of the score.' }),
    min: t.exposeFloat('min', { nullable: true, description: 'Its lowest value; null: any.' }),
    max: t.exposeFloat('max', { nullable: true, description: 'Its highest value; null: any.' }),
    labels: t.exposeStringList('labels', { nullable: true, description: 'Its possible labels; null: any.' }),
  }),
})

export const ScoreConditionInput = builder.inputType('ScoreConditionInput', {
  description: 'What a score of an item must be; all of it must hold, and at least one must be given.',
  fields: (t) => ({
    score: t.string({ required: true, description: 'The name of a score that another evaluator gives.' }),
    min: t.float({ description: 'Its lowest value; of a BOOLEAN score, 1 is true.' }),
    max: t.float({ description: 'Its highest value.' }),
    labels: t.stringList({ description: 'Its possible labels.' }),
  }),
})
