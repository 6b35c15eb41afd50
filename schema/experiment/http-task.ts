import { InvalidInputError } from '../../src/domain/errors.ts'
import type { HttpTaskSpec } from '../../src/domain/execution/http-task.ts'
import { builder } from '../builder.ts'
import { HttpMethod } from '../enums.ts'

export const HttpTask = builder.objectRef<HttpTaskSpec>('HttpTask').implement({
  description: 'Calls an HTTP endpoint for every item.',
  fields: (t) => ({
    url: t.exposeString('url', { description: 'The endpoint.' }),
    method: t.expose('method', { type: HttpMethod, description: 'The HTTP method.' }),
    headers: t.field({
      type: 'JSON',
      description: 'Headers sent with every call. The values of those that carry credentials are never shown.',
      resolve: ({ headers }) => shownHeaders(headers),
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

/** Headers as they are shown: without credentials. */
export function shownHeaders(headers: Record<string, string>): Record<string, string> {
  const shown = Object.entries(headers).map(([name, value]) => [name, carriesCredentials.test(name) ? mask : value])
  return Object.fromEntries(shown)
}

export const HttpTaskInput = builder.inputType('HttpTaskInput', {
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

/**
 * The call as the engine's input, unchecked.
 * @param path its position in the caller's input
 * @throws {InvalidInputError} a masked header value was sent back instead of the real one
 */
export function httpTaskSpec(http: typeof HttpTaskInput.$inferInput, path: readonly string[]) {
  requireUnmasked(http.headers, path)
  return { kind: 'http' as const, ...http }
}

/** @throws {InvalidInputError} a masked header value was sent back instead of the real one */
export function requireUnmasked(headers: unknown, path: readonly string[]): void {
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (value !== mask) continue
    const message = `Expected the value of the header ${name}, got the mask that is shown in its place.`
    throw new InvalidInputError(message, [...path, 'headers', name])
  }
}
