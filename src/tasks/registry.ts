import type { Functions } from '../domain/execution/functions.ts'
import type { Task, TaskSpec } from '../domain/execution/task.ts'
import { invalidInput } from '../domain/parse-input.ts'
import { createHttpTask, parseHttpTask } from './http.ts'
import type { HttpClient } from './http-client.ts'
import { type FunctionNames, parseModuleTask } from './module.ts'

/**
 * Prepares a task for a run.
 * @param functions calls those of assay.config.ts
 * @param http client for HTTP endpoints
 * @param now milliseconds since the epoch
 * @throws {InvalidInputError} for a spec that {@link parseTaskSpec} would refuse.
 */
export function createTask(spec: TaskSpec, functions: Functions, http: HttpClient, now: () => number = Date.now): Task {
  switch (spec.kind) {
    case 'http':
      return createHttpTask(spec, http, now)
    case 'module':
      return Object.assign<Task, { keepsTime: true }>((item, call) => functions.callTask(spec.name, item, call), {
        keepsTime: true,
      })
  }
}

/**
 * Checks a task as passed by a client, an object with a `kind` and the members of that kind, and fills in the defaults.
 * @param functions the names that a function may have
 * @param path its position in the caller's input; errors continue it with the kind, e.g. `task.http.url`
 * @throws {InvalidInputError}
 */
export function parseTaskSpec(input: unknown, functions: FunctionNames, path: readonly string[] = ['task']): TaskSpec {
  const kind = typeof input === 'object' && input !== null && 'kind' in input ? input.kind : undefined
  switch (kind) {
    case 'http':
      return parseHttpTask(input, [...path, kind])
    case 'module':
      return parseModuleTask(input, functions, [...path, kind])
    default:
      throw invalidInput([...path, 'kind'], 'expected one of http, module', kind)
  }
}
