import type { ModuleTaskSpec, TaskSpec } from '../../src/domain/execution/task.ts'
import { builder } from '../builder.ts'
import { HttpTask, HttpTaskInput, httpTaskSpec } from './http-task.ts'
import { PromptTask, PromptTaskInput, promptTaskSpec } from './prompt-task.ts'

const ModuleTask = builder.objectRef<ModuleTaskSpec>('ModuleTask').implement({
  description: 'Calls a function registered in assay.config.ts for every item.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name it is registered under; `modules` lists them.' }),
  }),
})

const kinds = { http: HttpTask, module: ModuleTask, prompt: PromptTask }

export const Task = builder.unionType('Task', {
  description: 'The task that an experiment executes for every item.',
  types: [HttpTask, ModuleTask, PromptTask],
  resolveType: ({ kind }: TaskSpec) => kinds[kind],
})

const ModuleTaskInput = builder.inputType('ModuleTaskInput', {
  description: 'A function registered in assay.config.ts.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name it is registered under; `modules` lists them.' }),
  }),
})

export const TaskInput = builder.inputType('TaskInput', {
  description: 'A task to execute for every item: exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    http: t.field({ type: HttpTaskInput, description: 'Call an HTTP endpoint.' }),
    module: t.field({ type: ModuleTaskInput, description: 'Call a function registered in assay.config.ts.' }),
    prompt: t.field({ type: PromptTaskInput, description: 'Call a model with a prompt.' }),
  }),
})

/**
 * The task as the engine's input, unchecked.
 * @throws {InvalidInputError} a masked header value was sent back instead of the real one
 */
export function taskSpec({ http, module, prompt }: typeof TaskInput.$inferInput) {
  if (prompt) return promptTaskSpec(prompt, ['task', 'prompt'])
  return http ? httpTaskSpec(http, ['task', 'http']) : { kind: 'module', ...module }
}
