import type { ClientTaskSpec, EchoTaskSpec, ModuleTaskSpec, TaskSpec } from '../../src/domain/execution/task.ts'
import { builder } from '../builder.ts'
import { HttpTask, HttpTaskInput, httpTaskSpec } from './http-task.ts'
import { PromptTask, PromptTaskInput, promptTaskSpec } from './prompt-task.ts'

const ModuleTask = builder.objectRef<ModuleTaskSpec>('ModuleTask').implement({
  description: 'Calls a function registered in assay.config.ts for every item.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name it is registered under; `modules` lists them.' }),
  }),
})

const ClientTask = builder.objectRef<ClientTaskSpec>('ClientTask').implement({
  description: 'A function that clients execute: they claim items with `claimRunItems` and record their results.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the function.' }),
    version: t.exposeString('version', {
      nullable: true,
      description: 'Identifies its code, as the client said: for example a hash of it.',
    }),
  }),
})

const EchoTask = builder.objectRef<EchoTaskSpec>('EchoTask').implement({
  description: 'Calls nothing: the output is taken from the item, so that outputs which a dataset has are scored.',
  fields: (t) => ({
    outputPath: t.exposeString('outputPath', {
      nullable: true,
      description: 'A JSONPath of the output in the item, as it was given; null: the input.',
    }),
  }),
})

const kinds = { http: HttpTask, module: ModuleTask, prompt: PromptTask, client: ClientTask, echo: EchoTask }

export const Task = builder.unionType('Task', {
  description: 'The task that an experiment executes for every item.',
  types: Object.values(kinds),
  resolveType: ({ kind }: TaskSpec) => kinds[kind],
})

const ModuleTaskInput = builder.inputType('ModuleTaskInput', {
  description: 'A function registered in assay.config.ts.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name it is registered under; `modules` lists them.' }),
  }),
})

const ClientTaskInput = builder.inputType('ClientTaskInput', {
  description: 'A function that clients execute in their own processes.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name of the function.' }),
    version: t.string({ description: 'Identifies its code, for example a hash of it: up to 200 characters.' }),
  }),
})

const EchoTaskInput = builder.inputType('EchoTaskInput', {
  description: 'The output is taken from the item; nothing is called.',
  fields: (t) => ({
    outputPath: t.string({
      description:
        'A JSONPath of one value of the item: `key`, `input`, `expectedOutput`, `metadata`, `tags`. Default: `$.input`.',
    }),
  }),
})

export const TaskInput = builder.inputType('TaskInput', {
  description: 'A task to execute for every item: exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    http: t.field({ type: HttpTaskInput, description: 'Call an HTTP endpoint.' }),
    module: t.field({ type: ModuleTaskInput, description: 'Call a function registered in assay.config.ts.' }),
    client: t.field({
      type: ClientTaskInput,
      description: 'Leave it to clients, which claim items and record results.',
    }),
    prompt: t.field({ type: PromptTaskInput, description: 'Call a model with a prompt.' }),
    echo: t.field({ type: EchoTaskInput, description: 'Take the output from the item, and call nothing.' }),
  }),
})

/**
 * The task as the engine's input, unchecked.
 * @throws {InvalidInputError} a masked header value was sent back instead of the real one
 */
export function taskSpec({ http, module, prompt, client, echo }: typeof TaskInput.$inferInput) {
  if (prompt) return promptTaskSpec(prompt, ['task', 'prompt'])
  if (client) return { kind: 'client', ...client }
  if (echo) return { kind: 'echo', ...echo }
  return http ? httpTaskSpec(http, ['task', 'http']) : { kind: 'module', ...module }
}
