/** The inputs that prompts are written in; src/tasks/prompt-content.ts checks them. */
import { builder } from '../builder.ts'
import { HttpTaskInput, httpTaskSpec } from '../experiment/http-task.ts'
import { PromptRole } from './prompt-content.ts'

export const PromptMessageInput = builder.inputType('PromptMessageInput', {
  description: 'A message of a prompt.',
  fields: (t) => ({
    role: t.field({ type: PromptRole, required: true, description: 'Who says it.' }),
    content: t.string({
      required: true,
      description:
        'A mustache template: `{{question}}` is a member of the input, `{{input}}` all of it.\nNothing is escaped; `{{=<% %>=}}` changes the delimiters, to write braces.',
    }),
  }),
})

export const ModelParametersInput = builder.inputType('ModelParametersInput', {
  description: "Parameters of a model; what is left out has the provider's default.",
  fields: (t) => ({
    temperature: t.float({ description: 'How random the answers are, from 0.' }),
    maxOutputTokens: t.int({ description: 'Tokens of an answer at most.' }),
    topP: t.float({ description: 'Only the likeliest tokens with this probability together: 0–1.' }),
    topK: t.int({ description: 'Only this many of the likeliest tokens.' }),
    presencePenalty: t.float({ description: 'Against tokens that occurred: −2 to 2.' }),
    frequencyPenalty: t.float({ description: 'Against tokens by how often they occurred: −2 to 2.' }),
    stopSequences: t.stringList({ description: 'Texts that end an answer, at most 16.' }),
    seed: t.float({ description: 'A whole number that makes answers repeatable, where the model can.' }),
    reasoningEffort: t.string({ description: 'How much a reasoning model thinks, e.g. `low`.' }),
    providerOptions: t.field({
      type: 'JSON',
      description: 'Options by provider, passed on as they are: `{ openai: { … } }`.',
    }),
  }),
})

const PromptToolFunctionInput = builder.inputType('PromptToolFunctionInput', {
  description: 'What a tool calls, with the arguments that the model gives as its input: exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    module: t.string({ description: 'A function registered in assay.config.ts, by its name.' }),
    http: t.field({ type: HttpTaskInput, description: 'An HTTP endpoint.' }),
  }),
})

const PromptToolInput = builder.inputType('PromptToolInput', {
  description: 'A tool that the model may call.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Unique in the prompt: 1–64 letters, digits, `_` or `-`.' }),
    description: t.string({ description: 'What the model is told about it.' }),
    inputSchema: t.field({ type: 'JSON', required: true, description: 'JSON Schema of its arguments.' }),
    function: t.field({
      type: PromptToolFunctionInput,
      description: 'What is called; default: nothing, calls are recorded and end the conversation.',
    }),
  }),
})

export const PromptContentInput = builder.inputType('PromptContentInput', {
  description: 'What a version of a prompt consists of.',
  fields: (t) => ({
    messages: t.field({ type: [PromptMessageInput], required: true, description: 'The messages, 1–200.' }),
    parameters: t.field({ type: ModelParametersInput, description: "Default: the provider's." }),
    outputSchema: t.field({
      type: 'JSON',
      description: 'Structured output: JSON Schema of the answer. Default: any text.',
    }),
    tools: t.field({ type: [PromptToolInput], description: 'The tools that the model may call. Default: none.' }),
    maxSteps: t.int({ description: 'Calls of the model at most, when it calls tools: 1–100. Default: 10.' }),
  }),
})

const NamedPromptInput = builder.inputType('NamedPromptInput', {
  description: 'A prompt of the project. With neither a version nor a label, its newest version when a run starts.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name of the prompt.' }),
    version: t.int({ description: 'This version.' }),
    label: t.string({ description: 'Or the version that has this label when a run starts.' }),
  }),
})

export const PromptReferenceInput = builder.inputType('PromptReferenceInput', {
  description: 'Where a prompt comes from: exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    content: t.field({ type: PromptContentInput, description: 'The content itself.' }),
    prompt: t.field({ type: NamedPromptInput, description: 'A prompt of the project, by its name.' }),
  }),
})

/**
 * The content as the engine's input, unchecked.
 * @param path its position in the caller's input
 * @throws {InvalidInputError} a masked header value was sent back instead of the real one
 */
export function promptContent(
  { outputSchema, tools, ...content }: typeof PromptContentInput.$inferInput,
  path: readonly string[],
) {
  return {
    ...content,
    output: outputSchema == null ? null : { schema: outputSchema },
    tools: tools?.map(({ function: bound, ...tool }, index) => ({
      ...tool,
      function: bound?.http
        ? { http: httpTaskSpec(bound.http, [...path, 'tools', String(index), 'function', 'http']) }
        : bound,
    })),
  }
}

/** The reference as the engine's input, unchecked. @throws as {@link promptContent} */
export function promptReference({ content, prompt }: typeof PromptReferenceInput.$inferInput, path: readonly string[]) {
  return content ? { content: promptContent(content, [...path, 'content']) } : { prompt }
}
