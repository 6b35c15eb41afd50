import type { Modules } from '../domain/execution/modules.ts'
import type { Task, TaskSpec } from '../domain/execution/task.ts'
import { invalidInput } from '../domain/parse-input.ts'
import { createClientTask, parseClientTask } from './client.ts'
import { createHttpTask, parseHttpTask } from './http.ts'
import type { HttpClient } from './http-client.ts'
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
    case 'client':
      return createClientTask(spec)
  }
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
    case 'client':
      return parseClientTask(input, [...path, kind])
    default:
      throw invalidInput([...path, 'kind'], 'expected one of http, module, client', kind)
  }
}
