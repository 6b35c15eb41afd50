import type { HttpTaskSpec } from '../../src/domain/execution/http-task.ts'
import type {
  ModelParameters as ModelParametersShape,
  PromptContent as PromptContentShape,
  PromptMessage as PromptMessageShape,
  PromptTool as PromptToolShape,
} from '../../src/domain/prompt/prompt.ts'
import { builder } from '../builder.ts'
import { HttpTask } from '../experiment/http-task.ts'

export const PromptRole = builder.enumType('PromptRole', {
  description: 'Who says a message of a prompt.',
  values: {
    SYSTEM: { description: 'Instructions.' },
    USER: { description: 'The user; only here can be images and other files.' },
    ASSISTANT: { description: 'The model, as in an example of an answer.' },
  },
})

export const PromptMessage = builder.objectRef<PromptMessageShape>('PromptMessage').implement({
  description: 'A message of a prompt.',
  fields: (t) => ({
    role: t.expose('role', { type: PromptRole, description: 'Who says it.' }),
    content: t.exposeString('content', { description: 'A template with `{{variables}}`.' }),
  }),
})

export const ModelParameters = builder.objectRef<ModelParametersShape>('ModelParameters').implement({
  description: "Parameters of a model; null: the provider's default.",
  fields: (t) => ({
    temperature: t.float({
      nullable: true,
      description: 'How random the answers are.',
      resolve: ({ temperature }) => temperature ?? null,
    }),
    maxOutputTokens: t.int({
      nullable: true,
      description: 'Tokens of an answer at most.',
      resolve: ({ maxOutputTokens }) => maxOutputTokens ?? null,
    }),
    topP: t.float({
      nullable: true,
      description: 'Only the likeliest tokens with this probability together: 0–1.',
      resolve: ({ topP }) => topP ?? null,
    }),
    topK: t.int({
      nullable: true,
      description: 'Only this many of the likeliest tokens.',
      resolve: ({ topK }) => topK ?? null,
    }),
    presencePenalty: t.float({
      nullable: true,
      description: 'Against tokens that occurred: −2 to 2.',
      resolve: ({ presencePenalty }) => presencePenalty ?? null,
    }),
    frequencyPenalty: t.float({
      nullable: true,
      description: 'Against tokens by how often they occurred: −2 to 2.',
      resolve: ({ frequencyPenalty }) => frequencyPenalty ?? null,
    }),
    stopSequences: t.stringList({
      nullable: true,
      description: 'Texts that end an answer.',
      resolve: ({ stopSequences }) => stopSequences ?? null,
    }),
    seed: t.float({
      nullable: true,
      description: 'A whole number that makes answers repeatable, where the model can.',
      resolve: ({ seed }) => seed ?? null,
    }),
    reasoningEffort: t.string({
      nullable: true,
      description: 'How much a reasoning model thinks, e.g. `low`.',
      resolve: ({ reasoningEffort }) => reasoningEffort ?? null,
    }),
    providerOptions: t.field({
      type: 'JSON',
      nullable: true,
      description: 'Options by provider, passed on as they are.',
      resolve: ({ providerOptions }) => providerOptions ?? null,
    }),
  }),
})

const ModuleTool = builder.objectRef<{ module: string }>('ModuleTool').implement({
  description: 'A function registered in assay.config.ts that a tool calls.',
  fields: (t) => ({ name: t.exposeString('module', { description: 'The name it is registered under.' }) }),
})

const PromptToolFunction = builder.unionType('PromptToolFunction', {
  description: 'What a tool calls; its input are the arguments that the model gives.',
  types: [ModuleTool, HttpTask],
  resolveType: (value: { module: string } | HttpTaskSpec) => ('module' in value ? ModuleTool : HttpTask),
})

export const PromptTool = builder.objectRef<PromptToolShape>('PromptTool').implement({
  description: 'A tool that the model may call.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name, unique in the prompt.' }),
    description: t.string({
      nullable: true,
      description: 'What the model is told about it.',
      resolve: ({ description }) => description ?? null,
    }),
    inputSchema: t.field({
      type: 'JSON',
      description: 'JSON Schema of its arguments.',
      resolve: ({ inputSchema }) => inputSchema,
    }),
    function: t.field({
      type: PromptToolFunction,
      nullable: true,
      description: 'What is called; null: calls are recorded and end the conversation.',
      resolve: ({ function: bound }) => (bound ? ('http' in bound ? bound.http : bound) : null),
    }),
  }),
})

export const PromptContent = builder.objectRef<PromptContentShape>('PromptContent').implement({
  description: 'What a version of a prompt consists of.',
  fields: (t) => ({
    messages: t.expose('messages', { type: [PromptMessage], description: 'The messages, in their order.' }),
    parameters: t.expose('parameters', { type: ModelParameters, description: 'The parameters of the model.' }),
    outputSchema: t.field({
      type: 'JSON',
      nullable: true,
      description: 'JSON Schema of the answer; null: any text.',
      resolve: ({ output }) => output?.schema ?? null,
    }),
    tools: t.expose('tools', { type: [PromptTool], description: 'The tools that the model may call.' }),
    maxSteps: t.exposeInt('maxSteps', { description: 'Calls of the model at most, when it calls tools.' }),
  }),
})
