import type { ModuleTaskSpec, TaskSpec } from '../../src/domain/execution/task.ts'
import { builder } from '../builder.ts'
import { HttpTask, HttpTaskInput, httpTaskSpec } from './http-task.ts'

const ModuleTask = builder.objectRef<ModuleTaskSpec>('ModuleTask').implement({
  description: 'Calls a function registered in assay.config.ts for every item.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name it is registered under; `modules` lists them.' }),
  }),
})

export const Task = builder.unionType('Task', {
  description: 'The task that an experiment executes for every item.',
  types: [HttpTask, ModuleTask],
  resolveType: (task: TaskSpec) => (task.kind === 'http' ? HttpTask : ModuleTask),
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
  }),
})

/**
 * The task as the engine's input, unchecked.
 * @throws {InvalidInputError} a masked header value was sent back instead of the real one
 */
export function taskSpec({ http, module }: typeof TaskInput.$inferInput) {
  return http ? httpTaskSpec(http, ['task', 'http']) : { kind: 'module', ...module }
}
