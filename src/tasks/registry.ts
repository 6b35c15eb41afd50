import type { Functions } from '../domain/execution/functions.ts'
import type { HttpTaskSpec } from '../domain/execution/http-task.ts'
import type { PromptTaskSpec } from '../domain/execution/prompt-task.ts'
import { type Task, TaskError, type TaskItem, type TaskSpec } from '../domain/execution/task.ts'
import type { Json } from '../domain/json/json.ts'
import { invalidInput } from '../domain/parse-input.ts'
import type { PromptTool } from '../domain/prompt/prompt.ts'
import type { LoadFile } from '../models/model-messages.ts'
import type { ModelAccess } from '../models/open-model.ts'
import { createClientTask, parseClientTask } from './client.ts'
import { createEchoTask, parseEchoTask } from './echo.ts'
import { createHttpTask, parseHttpTask } from './http.ts'
import type { HttpClient } from './http-client.ts'
import { compileRequest } from './http-request.ts'
import { type FunctionNames, parseModuleTask } from './module.ts'
import { createPromptTask, parsePromptTask } from './prompt.ts'

/**
 * Prepares a task for a run.
 * @param functions calls those of assay.config.ts
 * @param http client for HTTP endpoints and providers
 * @param models the providers and files of the project, for tasks that call models
 * @param now milliseconds since the epoch
 * @throws {InvalidInputError} for a spec that {@link parseTaskSpec} would refuse.
 */
export function createTask(
  spec: TaskSpec,
  functions: Functions,
  http: HttpClient,
  models: ModelParts = noModels,
  now: () => number = Date.now,
): Task {
  switch (spec.kind) {
    case 'http':
      return createHttpTask(spec, http, now)
    case 'module':
      return keepingTime((item, call) => functions.callTask(spec.name, item, call))
    case 'client':
      return createClientTask(spec)
    case 'echo':
      return createEchoTask(spec)
    case 'prompt': {
      const createFunction = (bound: NonNullable<PromptTool['function']>) =>
        'http' in bound ? createHttpTask(bound.http, http, now) : createToolFunction(bound.module, functions)
      return createPromptTask(
        spec,
        { ...models, http, connect: () => models.connect(spec.provider), createFunction },
        now,
      )
    }
  }
}

function keepingTime(task: Task): Task {
  return Object.assign<Task, { keepsTime: true }>((item, call) => task(item, call), { keepsTime: true })
}

/** A function that a model calls. What the model has written is paid for, so only the function is called again. */
function createToolFunction(name: string, functions: Functions): Task {
  return keepingTime((item, call) =>
    functions.callTask(name, item, call).catch((error) => {
      if (!(error instanceof TaskError && error.excused)) throw error
      return functions.callTask(name, item, { ...call, alone: true })
    }),
  )
}

/** What a project gives the tasks that call models. */
export interface ModelParts {
  projectId: string
  /** A provider of the project by its name. @throws {TaskError} when it cannot be used */
  connect: (name: string) => Promise<ModelAccess>
  loadFile: LoadFile
}

const noModels: ModelParts = {
  projectId: '',
  connect: () => Promise.reject(new Error('no providers')),
  loadFile: () => Promise.reject(new Error('no files')),
}

/**
 * What a call for an item depends on besides the spec: the request of an HTTP task, what a prompt can show, the whole item
 * and the hash of a function. Items with equal ones get equal calls.
 * @param functions the hashes of functions by their names
 */
export function compileCall(
  spec: TaskSpec,
  functions: Readonly<Record<string, string | null>>,
): (item: Omit<TaskItem, 'attempt'>) => Json {
  if (spec.kind === 'http') {
    const whole = requestOf(spec)
    return (item) => whole(item) ?? { ...item }
  }
  // The prompt is part of the spec; the functions are those of its tools.
  if (spec.kind === 'prompt') {
    const tools: Record<string, Json> = Object.keys(functions).length > 0 ? { functions: { ...functions } } : {}
    return ({ input, metadata }) => ({ input, metadata, ...tools })
  }
  if (spec.kind === 'echo') return (item) => ({ ...item })
  const version = functions[spec.name] ?? null
  return (item) => [version, { ...item }]
}

/**
 * Checks a task as passed by a client, an object with a `kind` and the members of that kind, and fills in the defaults.
 * @param functions the names that a function may have
 * @param path its position in the caller's input; errors continue it with the kind, e.g. `task.http.url`
 * @throws {InvalidInputError}
 */
export function parseTaskSpec(
  input: unknown,
  functions: FunctionNames,
  path: readonly string[] = ['task'],
): ParsedTask {
  const kind = typeof input === 'object' && input !== null && 'kind' in input ? input.kind : undefined
  switch (kind) {
    case 'http':
      return parseHttpTask(input, [...path, kind])
    case 'module':
      return parseModuleTask(input, functions, [...path, kind])
    case 'prompt':
      return parsePromptTask(input, [...path, kind])
    case 'client':
      return parseClientTask(input, [...path, kind])
    case 'echo':
      return parseEchoTask(input, [...path, kind])
    default:
      throw invalidInput([...path, 'kind'], 'expected one of http, module, prompt, client, echo', kind)
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

/** A task whose prompt, if it has one, is still to be found. */
type ParsedTask = Exclude<TaskSpec, PromptTaskSpec> | ReturnType<typeof parsePromptTask>
