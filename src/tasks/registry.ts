import { hash } from 'node:crypto'
import type { HttpTaskSpec } from '../domain/execution/http-task.ts'
import type { Modules, ModuleTask } from '../domain/execution/modules.ts'
import type { PromptTaskSpec } from '../domain/execution/prompt-task.ts'
import { type Task, TaskError, type TaskItem, type TaskSpec } from '../domain/execution/task.ts'
import type { Json } from '../domain/json/json.ts'
import { invalidInput } from '../domain/parse-input.ts'
import type { PromptTool } from '../domain/prompt/prompt.ts'
import type { LoadFile } from '../models/model-messages.ts'
import type { ModelAccess } from '../models/open-model.ts'
import { createClientTask, parseClientTask } from './client.ts'
import { createHttpTask, parseHttpTask } from './http.ts'
import type { HttpClient } from './http-client.ts'
import { compileRequest } from './http-request.ts'
import { createModuleTask, parseModuleTask } from './module.ts'
import { createPromptTask, parsePromptTask } from './prompt.ts'

/**
 * Prepares a task for a run.
 * @param http client for HTTP endpoints and providers
 * @param models the providers and files of the project, for tasks that call models
 * @param now milliseconds since the epoch
 * @throws {InvalidInputError} for a spec that {@link parseTaskSpec} would refuse.
 */
export function createTask(
  spec: TaskSpec,
  modules: Modules,
  http: HttpClient,
  models: ModelParts = noModels,
  now: () => number = Date.now,
): Task {
  switch (spec.kind) {
    case 'http':
      return createHttpTask(spec, http, now)
    case 'module':
      return createModuleTask(spec, modules)
    case 'client':
      return createClientTask(spec)
    case 'prompt': {
      const createFunction = (bound: NonNullable<PromptTool['function']>) =>
        'http' in bound
          ? createHttpTask(bound.http, http, now)
          : createModuleTask({ kind: 'module', name: bound.module }, modules)
      return createPromptTask(
        spec,
        { http, loadFile: models.loadFile, connect: () => models.connect(spec.provider), createFunction },
        now,
      )
    }
  }
}

/** What a project gives the tasks that call models. */
export interface ModelParts {
  /** A provider of the project by its name. @throws {TaskError} when it cannot be used */
  connect: (name: string) => Promise<ModelAccess>
  loadFile: LoadFile
}

const noModels: ModelParts = {
  connect: () => Promise.reject(new Error('no providers')),
  loadFile: () => Promise.reject(new Error('no files')),
}

/**
 * What a call for an item depends on besides the spec: the request of an HTTP task, what a prompt can show, the whole item
 * and the version of a function. Items with equal ones get equal calls.
 */
export function compileCall(spec: TaskSpec, modules: Modules): (item: Omit<TaskItem, 'attempt'>) => Json {
  if (spec.kind === 'http') {
    const whole = requestOf(spec)
    return (item) => whole(item) ?? { ...item }
  }
  // The prompt is part of the spec.
  if (spec.kind === 'prompt') return ({ input, metadata }) => ({ input, metadata })
  const version = versionOf(modules.tasks.get(spec.name))
  return (item) => [version, { ...item }]
}

/**
 * Checks a task as passed by a client, an object with a `kind` and the members of that kind, and fills in the defaults.
 * @param path its position in the caller's input; errors continue it with the kind, e.g. `task.http.url`
 * @throws {InvalidInputError}
 */
export function parseTaskSpec(input: unknown, modules: Modules, path: readonly string[] = ['task']): ParsedTask {
  const kind = typeof input === 'object' && input !== null && 'kind' in input ? input.kind : undefined
  switch (kind) {
    case 'http':
      return parseHttpTask(input, [...path, kind])
    case 'module':
      return parseModuleTask(input, modules, [...path, kind])
    case 'prompt':
      return parsePromptTask(input, [...path, kind])
    case 'client':
      return parseClientTask(input, [...path, kind])
    default:
      throw invalidInput([...path, 'kind'], 'expected one of http, module, prompt, client', kind)
  }
}

/** Null for an item that the request cannot be made of. */
function requestOf(spec: HttpTaskSpec): (item: Omit<TaskItem, 'attempt'>) => Json {
  const { render } = compileRequest(spec, ['task', 'http'])
  return (item) => {
    try {
      const { path, headers, body } = render({ ...item, attempt: 1 }, { traceparent: '' })
      return { path, headers, body }
    } catch (error) {
      if (error instanceof TaskError) return null
      throw error
    }
  }
}

/** A changed function is another one. */
function versionOf(task: ModuleTask | undefined): string | null {
  return task ? (task.version ?? hash('sha256', String(task.run))) : null
}
/** A task whose prompt, if it has one, is still to be found. */
type ParsedTask = Exclude<TaskSpec, PromptTaskSpec> | ReturnType<typeof parsePromptTask>
