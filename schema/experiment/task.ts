import { InvalidInputError } from '../../src/domain/errors.ts'
import type { ClientTaskSpec, HttpTaskSpec, ModuleTaskSpec, TaskSpec } from '../../src/domain/execution/task.ts'
import { builder } from '../builder.ts'
import { HttpMethod } from '../enums.ts'

const HttpTask = builder.objectRef<HttpTaskSpec>('HttpTask').implement({
  description: 'Calls an HTTP endpoint for every item.',
  fields: (t) => ({
    url: t.exposeString('url', { description: 'The endpoint.' }),
    method: t.expose('method', { type: HttpMethod, description: 'The HTTP method.' }),
    headers: t.field({
      type: 'JSON',
      description: 'Headers sent with every call. The values of those that carry credentials are never shown.',
      resolve: ({ headers }) =>
        Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name, carriesCredentials.test(name) ? mask : value]),
        ),
    }),
    body: t.expose('body', {
      type: 'JSON',
      nullable: true,
      description:
        'Template of the body with `{{input}}`, `{{input.question}}`, `{{metadata.x}}`; null sends `{input, metadata}`.',
    }),
    outputPath: t.exposeString('outputPath', {
      nullable: true,
      description: 'JSONPath of the output in the response; null: all of it.',
    }),
    costPath: t.exposeString('costPath', { nullable: true, description: 'JSONPath of the cost in USD.' }),
    inputTokensPath: t.exposeString('inputTokensPath', {
      nullable: true,
      description: 'JSONPath of the number of tokens sent.',
    }),
    outputTokensPath: t.exposeString('outputTokensPath', {
      nullable: true,
      description: 'JSONPath of the number of tokens received.',
    }),
  }),
})

const carriesCredentials = /auth|cookie|credential|key|passw|secret|session|signature|token/i
const mask = '********'

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

const types = { http: HttpTask, module: ModuleTask, client: ClientTask }

export const Task = builder.unionType('Task', {
  description: 'The task that an experiment executes for every item.',
  types: Object.values(types),
  resolveType: ({ kind }: TaskSpec) => types[kind],
})

const HttpTaskInput = builder.inputType('HttpTaskInput', {
  description: 'An HTTP endpoint that is called for every item.',
  fields: (t) => ({
    url: t.string({ required: true, description: 'The endpoint, http or https.' }),
    method: t.field({ type: HttpMethod, required: true, defaultValue: 'POST', description: 'The HTTP method.' }),
    headers: t.field({ type: 'JSON', description: 'Headers by name, as an object of strings.' }),
    body: t.field({
      type: 'JSON',
      description:
        'Template of the JSON body, with `{{input}}`, `{{input.question}}`, `{{metadata.x}}`.\nDefault: `{"input": …, "metadata": …}`.',
    }),
    outputPath: t.string({
      description: 'JSONPath of the output in the response, e.g. `$.answer`; default: all of it.',
    }),
    costPath: t.string({ description: 'JSONPath of the cost in USD.' }),
    inputTokensPath: t.string({ description: 'JSONPath of the number of tokens sent.' }),
    outputTokensPath: t.string({ description: 'JSONPath of the number of tokens received.' }),
  }),
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
  }),
})

/**
 * The task as the engine's input, unchecked.
 * @throws {InvalidInputError} a masked header value was sent back instead of the real one
 */
export function taskSpec({ http, module, client }: typeof TaskInput.$inferInput) {
  for (const [name, value] of Object.entries(http?.headers ?? {})) {
    if (value !== mask) continue
    const message = `Expected the value of the header ${name}, got the mask that is shown in its place.`
    throw new InvalidInputError(message, ['task', 'http', 'headers', name])
  }
  if (client) return { kind: 'client', ...client }
  return module ? { kind: 'module', ...module } : { kind: 'http', ...http }
}
