import type { PromptTaskSpec } from '../../src/domain/execution/prompt-task.ts'
import { builder } from '../builder.ts'
import { ModelParameters } from '../prompt/prompt-content.ts'
import { ModelParametersInput, PromptReferenceInput, promptReference } from '../prompt/prompt-content-input.ts'
import { PromptReference } from '../prompt/prompt-reference.ts'

export const PromptTask = builder.objectRef<PromptTaskSpec>('PromptTask').implement({
  description: 'Calls a model with a prompt for every item.',
  fields: (t) => ({
    provider: t.exposeString('provider', {
      description: 'The name of the provider; `provider` has it.',
    }),
    model: t.exposeString('model', { description: 'The model, as the provider calls it.' }),
    prompt: t.expose('prompt', {
      type: PromptReference,
      description: 'The prompt; in a run, as it was when it started.',
    }),
    parameters: t.expose('parameters', {
      type: ModelParameters,
      description: 'Parameters in place of those of the prompt, one by one.',
    }),
    stream: t.exposeBoolean('stream', { description: 'Whether the answer is streamed.' }),
    firstTokenTimeoutMs: t.exposeInt('firstTokenTimeoutMs', {
      nullable: true,
      description: 'Of a streamed answer: the time to its first token; null: the timeout of the call.',
    }),
    nextTokenTimeoutMs: t.exposeInt('nextTokenTimeoutMs', {
      nullable: true,
      description: 'Of a streamed answer: the time from one token to the next.',
    }),
  }),
})

export const PromptTaskInput = builder.inputType('PromptTaskInput', {
  description: 'A model that is called with a prompt for every item.',
  fields: (t) => ({
    provider: t.string({ required: true, description: 'The name of a provider of the project to a provider.' }),
    model: t.string({ required: true, description: 'The model, as the provider calls it; `models` lists known ones.' }),
    prompt: t.field({
      type: PromptReferenceInput,
      required: true,
      description: 'The prompt: a version or label of one of the project is resolved when a run starts.',
    }),
    parameters: t.field({
      type: ModelParametersInput,
      description: 'Parameters in place of those of the prompt, one by one.',
    }),
    stream: t.boolean({
      required: true,
      defaultValue: true,
      description: 'Whether the answer is streamed: it can be followed, is timed, and stalls are noticed.',
    }),
    firstTokenTimeoutMs: t.int({
      description: 'Of a streamed answer: the time to its first token. Default: the timeout of the call.',
    }),
    nextTokenTimeoutMs: t.int({
      description: 'Of a streamed answer: the time from one token to the next. Default: 60,000.',
    }),
  }),
})

/** The task as the engine's input, unchecked. @throws as `promptReference` */
export function promptTaskSpec({ prompt, ...task }: typeof PromptTaskInput.$inferInput, path: readonly string[]) {
  return { kind: 'prompt', ...task, prompt: promptReference(prompt, [...path, 'prompt']) }
}
