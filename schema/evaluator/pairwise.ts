/** Models that compare the outputs of two runs. */
import type { PairwiseSpec } from '../../src/domain/judge.ts'
import { builder } from '../builder.ts'
import { ModelParameters, PromptMessage } from '../prompt/prompt-content.ts'
import { ModelParametersInput, PromptMessageInput } from '../prompt/prompt-content-input.ts'
import { encodeGlobalId, rawId } from '../relay/global-id.ts'
import { JudgeMethod, JudgeVariable, JudgeVariableInput, variablesOf } from './judge.ts'

const messagesDescription =
  'Templates, of the user with data: they must show `{{first}}` and `{{second}}`, the two outputs.'

export const PairwiseEvaluator = builder.objectRef<PairwiseSpec>('PairwiseEvaluator').implement({
  description: 'A model that says which output of an item is better: that of the run, or that of a baseline.',
  fields: (t) => ({
    provider: t.exposeString('provider', { description: 'The name of the provider.' }),
    model: t.exposeString('model', { description: 'The model, as the provider calls it.' }),
    baselineId: t.id({
      description: 'The run whose outputs it compares with.',
      resolve: ({ baselineId }) => encodeGlobalId('Run', baselineId),
    }),
    messages: t.expose('messages', { type: [PromptMessage], description: messagesDescription }),
    variables: t.field({
      type: [JudgeVariable],
      description: 'Data by names of its own, `first` and `second` among them.',
      resolve: variablesOf,
    }),
    method: t.expose('method', { type: JudgeMethod, description: 'How it answers.' }),
    parameters: t.expose('parameters', { type: ModelParameters, description: 'Parameters of the model.' }),
  }),
})

export const PairwiseInput = builder.inputType('PairwiseInput', {
  description:
    'A model that says which output of an item is better, asked in both orders: 1 for that of the run, 0 for that of\nthe baseline, 0.5 for neither, and where the order decides.',
  fields: (t) => ({
    provider: t.string({ required: true, description: 'The name of a provider of the project.' }),
    model: t.string({ required: true, description: 'The model, as the provider calls it.' }),
    baselineId: t.id({ required: true, description: 'The run whose outputs it compares with, of the same items.' }),
    messages: t.field({
      type: [PromptMessageInput],
      description: `${messagesDescription}\nDefault: which serves better.`,
    }),
    variables: t.field({ type: [JudgeVariableInput], description: 'Data by names of its own. Default: none.' }),
    method: t.field({ type: JudgeMethod, required: true, defaultValue: 'STRUCTURED', description: 'How it answers.' }),
    parameters: t.field({
      type: ModelParametersInput,
      description: 'Parameters of the model. Default: a temperature of 0, where the model allows it.',
    }),
  }),
})

/** The definition as the engine's input, unchecked. @throws {InvalidInputError} an id that is none of a run */
export function pairwiseSpec({ baselineId, variables, ...judge }: typeof PairwiseInput.$inferInput) {
  return {
    kind: 'pairwise' as const,
    ...judge,
    baselineId: rawId('Run', baselineId, ['definition', 'pairwise', 'baselineId']),
    variables: variables && Object.fromEntries(variables.map(({ name, path }) => [name, path])),
  }
}
