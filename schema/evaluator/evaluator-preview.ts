import { NotFoundError } from '../../src/domain/errors.ts'
import type { Evaluation } from '../../src/domain/evaluation.ts'
import { previewEvaluator } from '../../src/engine/preview-evaluator.ts'
import { builder } from '../builder.ts'
import { ScoreDataType } from '../enums.ts'
import { mutation } from '../mutation.ts'
import { optionalRawId } from '../relay/global-id.ts'
import { RunItemError } from '../run/run-item.ts'
import { EvaluatorDefinitionInput, evaluatorSpec } from './evaluator-input.ts'

const EvaluationRef = builder.objectRef<Evaluation>('Evaluation').implement({
  description: 'A score that is not recorded.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What is scored.' }),
    dataType: t.expose('dataType', { type: ScoreDataType, description: 'The type of its value.' }),
    value: t.exposeFloat('value', { nullable: true, description: 'The value of NUMERIC and BOOLEAN (0 or 1) scores.' }),
    label: t.exposeString('label', {
      nullable: true,
      description: 'The category of a CATEGORICAL or the text of a TEXT score.',
    }),
    comment: t.exposeString('comment', { nullable: true, description: 'Why.' }),
    costUsd: t.exposeFloat('costUsd', { nullable: true, description: 'What it has cost; null when unknown.' }),
    metadata: t.expose('metadata', { type: 'JSON', nullable: true, description: 'Any data that the evaluator added.' }),
  }),
})

mutation('previewEvaluator', {
  description: 'Scores one output without recording anything.',
  input: {
    description: 'An evaluator, by its definition or its id, and an output to score with it.',
    fields: (t) => ({
      definition: t.field({ type: EvaluatorDefinitionInput, description: 'A definition to try.' }),
      id: t.id({ description: 'Or an existing evaluator.' }),
      name: t.string({ description: 'Name of the score; default: that of the evaluator, or "preview".' }),
      input: t.field({ type: 'JSON', description: 'The input of the task.' }),
      output: t.field({ type: 'JSON', description: 'The output of the task; default null.' }),
      expectedOutput: t.field({ type: 'JSON', description: 'The value that the output is compared with.' }),
      metadata: t.field({ type: 'JSON', description: 'Metadata of the item.' }),
      latencyMs: t.float({ description: 'The latency of the task in milliseconds; default 0.' }),
      costUsd: t.float({ description: 'The cost of the task; default: unknown.' }),
    }),
  },
  errors: [NotFoundError],
  resolve: (input, { services, scope }) =>
    previewEvaluator(services, scope, {
      ...input,
      id: optionalRawId('Evaluator', input.id, ['id']),
      definition: input.definition ? evaluatorSpec(input.definition) : null,
      output: input.output ?? null,
    }),
  recordsNothing: true,
  payload: {
    description: 'The scores that the evaluator would record.',
    fields: (t) => ({
      evaluations: t.expose('evaluations', {
        type: [EvaluationRef],
        description: 'The scores; none when the evaluator does not apply, or failed.',
      }),
      error: t.expose('error', {
        type: RunItemError,
        nullable: true,
        description: 'The error if it failed, else null.',
      }),
    }),
  },
})
