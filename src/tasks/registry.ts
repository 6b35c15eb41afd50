import { hash } from 'node:crypto'
import type { Modules, ModuleTask } from '../domain/execution/modules.ts'
import { type HttpTaskSpec, type Task, TaskError, type TaskItem, type TaskSpec } from '../domain/execution/task.ts'
import type { Json } from '../domain/json/json.ts'
import { invalidInput } from '../domain/parse-input.ts'
import { createHttpTask, parseHttpTask } from './http.ts'
import type { HttpClient } from './http-client.ts'
import { compileRequest } from './http-request.ts'
import { createModuleTask, parseModuleTask } from './module.ts'

/**
 * Prepares a task for a run.
 * @param http client for HTTP endpoints
 * @param now milliseconds since the epoch
 * @throws {InvalidInputError} for a spec that {@link parseTaskSpec} would refuse.
 */
export function createTask(spec: TaskSpec, modules: Modules, http: HttpClient, now: () => number = Date.now): Task {
  switch (spec.kind) {
    case 'http':
      return createHttpTask(spec, http, now)
    case 'module':
      return createModuleTask(spec, modules)
  }
}

/**
 * What a call for an item depends on besides the spec: the request of an HTTP task, else the whole item and the version
 * of the function. Items with equal ones get equal calls.
 */
export function compileCall(spec: TaskSpec, modules: Modules): (item: Omit<TaskItem, 'attempt'>) => Json {
  if (spec.kind === 'http') {
    const whole = requestOf(spec)
    return (item) => whole(item) ?? { ...item }
  }
  const version = versionOf(modules.tasks.get(spec.name))
  return (item) => [version, { ...item }]
}

/**
 * Checks a task as passed by a client, an object with a `kind` and the members of that kind, and fills in the defaults.
 * @param path its position in the caller's input; errors continue it with the kind, e.g. `task.http.url`
 * @throws {InvalidInputError}
 */
export function parseTaskSpec(input: unknown, modules: Modules, path: readonly string[] = ['task']): TaskSpec {
  const kind = typeof input === 'object' && input !== null && 'kind' in input ? input.kind : undefined
  switch (kind) {
    case 'http':
      return parseHttpTask(input, [...path, kind])
    case 'module':
      return parseModuleTask(input, modules, [...path, kind])
    default:
      throw invalidInput([...path, 'kind'], 'expected one of http, module', kind)
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
