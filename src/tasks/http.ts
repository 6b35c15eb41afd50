/**
 * Calls an HTTP endpoint once per item. The request is made from templates (template.ts, http-request.ts). The
 * response:
 *
 * - A status of 200–299 is a success, every other one an error. Redirects are not followed.
 * - With an `outputPath` the body must be JSON, whatever its content type, and the output is what the path selects.
 * - Without one the output is the whole body: as JSON; as text if the content type is text/plain; null if it is empty
 *   (204).
 * - Bodies are limited to 10 MB, and read by their content encoding and charset. Numbers of the output are kept exactly
 *   or refused.
 * - Cost and tokens are read from answers that are errors, too; where they cannot be read they are unknown.
 */
import type { Dispatcher } from 'undici'
import * as z from 'zod'
import { calculationLimits, calculations } from '../calculations/calculations.ts'
import { messageOf } from '../domain/errors.ts'
import { connectionError } from '../domain/execution/connection-error.ts'
import type { Uncounted } from '../domain/execution/deadline.ts'
import type { HttpTaskSpec } from '../domain/execution/http-task.ts'
import { nothingSpent, type Spent, type Task, TaskError, type TaskResult } from '../domain/execution/task.ts'
import { costOf, tokensOf } from '../domain/execution/usage.ts'
import type { Json } from '../domain/json/json.ts'
import { compileJsonPath, compileSingularJsonPath, isHeavyPath } from '../domain/json/json-path.ts'
import { describeInexact, JsonTextError, type ReadJson, readJsonLoosely } from '../domain/json/read-json.ts'
import { json, optional, parseInput } from '../domain/parse-input.ts'
import { asTaskError, isTimeout } from './call-task.ts'
import { readText } from './http-body.ts'
import type { HttpClient } from './http-client.ts'
import { quoteBody, statusError } from './http-failure.ts'
import { compileRequest } from './http-request.ts'
import { outputOf } from './module.ts'

const schema = z.strictObject({
  kind: z.literal('http'),
  url: z.string(),
  method: optional(z.enum(['GET', 'POST', 'PUT', 'PATCH']), 'POST'),
  headers: optional(z.record(z.string(), z.string()), {}),
  body: optional(json, null),
  outputPath: optional(z.string(), null),
  costPath: optional(z.string(), null),
  inputTokensPath: optional(z.string(), null),
  outputTokensPath: optional(z.string(), null),
})

export function parseHttpTask(input: unknown, path: readonly string[]): HttpTaskSpec {
  const spec: HttpTaskSpec = parseInput(schema, input, path)
  compileRequest(spec, path)
  compileAnswer(spec, path)
  return spec
}

/** @param now milliseconds since the epoch, for a `Retry-After` that is a date */
export function createHttpTask(spec: HttpTaskSpec, http: HttpClient, now: () => number): Task {
  const at = ['task', 'http']
  const { origin, name, render } = compileRequest(spec, at)
  const answer = compileAnswer(spec, at)
  return async (item, context) => {
    const { signal } = context
    const request = render(item, context)
    try {
      const response = await http.dispatcher.request({ origin, method: spec.method, ...request, signal })
      const { statusCode, headers } = response
      if (statusCode < 200 || statusCode > 299) {
        const body = await readSome(response.body)
        signal.throwIfAborted()
        const { location, 'retry-after': retryAfter } = headers
        const answered = { statusCode, headers: { location: one(location), retryAfter: one(retryAfter) }, body }
        throw statusError(name, answered, now()).with(answer.usage(body))
      }
      const [contentType, contentEncoding] = [one(headers['content-type']), one(headers['content-encoding'])]
      const text = await readText(response.body, { contentType, contentEncoding }, name)
      return await answer.result(text, contentType, name, context.uncounted)
    } catch (error) {
      if (error instanceof TaskError) throw error
      if (signal.aborted) throw isTimeout(signal.reason) ? asTaskError(signal.reason) : signal.reason
      throw connectionError(name, error)
    }
  }
}

type Body = Dispatcher.ResponseData['body']

/** The beginning of a body for an error message, as far as it arrives. */
async function readSome(body: Body): Promise<string> {
  let text = ''
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      text += chunk.toString()
      if (text.length > 10_000) break
    }
  } catch {
    // The status is what matters; a lost body is not.
  }
  return text
}

function compileAnswer(spec: HttpTaskSpec, at: readonly string[]) {
  const output = spec.outputPath === null ? null : compileOutputPath(spec.outputPath, [...at, 'outputPath'])
  const single = (key: 'costPath' | 'inputTokensPath' | 'outputTokensPath') =>
    spec[key] === null ? () => null : compileSingularJsonPath(spec[key], [...at, key])
  const cost = single('costPath')
  const inputTokens = single('inputTokensPath')
  const outputTokens = single('outputTokensPath')

  const usageOf = (content: Json): Spent => ({
    costUsd: costOf(cost(content)),
    inputTokens: tokensOf(inputTokens(content)),
    outputTokens: tokensOf(outputTokens(content)),
  })
  return {
    /** @throws {TaskError} with the usage, as far as it can be read */
    async result(body: string, contentType: string | undefined, call: string, wait?: Uncounted): Promise<TaskResult> {
      const { value: content, inexact } = readContent(body, contentType, output !== null, call)
      const usage = usageOf(content)
      try {
        const found = output === null ? content : await output.select(content, wait)
        if (found === undefined) {
          const message = `${call}: the response has nothing at ${spec.outputPath}: ${quoteBody(body)}`
          throw new TaskError('OUTPUT_NOT_FOUND', message, { retryable: false })
        }
        // Of what was selected elsewhere it is not known where in the response it is.
        const rounded = inexact(output?.isElsewhere ? content : found)
        if (rounded) {
          const { expected, got } = describeInexact(rounded)
          const place = rounded.path.length > 0 ? ` at ${rounded.path.join('.')}` : ''
          const message = `${call}: expected ${expected}${place} in the output, got ${got}.`
          throw new TaskError('INVALID_OUTPUT', message, { retryable: false })
        }
        return { output: outputOf(found), ...usage }
      } catch (error) {
        if (!(error instanceof TaskError)) throw error
        throw error.with(usage)
      }
    },
    /** What an answer that is an error says of its usage. */
    usage(body: string): Spent {
      try {
        return usageOf(readJsonLoosely(body).value)
      } catch (error) {
        if (!(error instanceof JsonTextError)) throw error
        return nothingSpent
      }
    },
  }
}

interface OutputPath {
  /** @param wait for what does not count towards the time limit of the call */
  select: (content: Json, wait?: Uncounted) => Json | undefined | Promise<Json | undefined>
  /** Whether it selects in another process. */
  isElsewhere: boolean
}

/** A path that may take long selects off the event loop. */
function compileOutputPath(path: string, at: readonly string[]): OutputPath {
  const select = compileJsonPath(path, at)
  if (!isHeavyPath(path)) return { select, isElsewhere: false }
  const selectElsewhere = async (content: Json, wait: Uncounted = (begin) => begin()) => {
    const { selectionMs: timeoutMs } = calculationLimits
    const calculation = { module: selectModule, input: { path, content }, group: path, timeoutMs }
    try {
      return (await wait(() => calculations.run<{ found?: Json }>(calculation))).found
    } catch (error) {
      // The same response would fail again, and so might another one that is paid for.
      const message = `The output could not be selected from the response with ${path}: ${messageOf(error)}.`
      throw new TaskError('OUTPUT_NOT_FOUND', message, { retryable: false, cause: error })
    }
  }
  return { select: selectElsewhere, isElsewhere: true }
}

const selectModule = new URL('select-output.ts', import.meta.url)

function readContent(body: string, contentType: string | undefined, asJson: boolean, call: string): ReadJson {
  const exactly = (value: Json): ReadJson => ({ value, inexact: () => null })
  if (!asJson && isType(contentType, 'text/plain')) return exactly(body)
  if (!asJson && body === '' && contentType === undefined) return exactly(null)
  try {
    return readJsonLoosely(body)
  } catch (error) {
    // A truncated response does not parse, and a retry may get all of it; another content type stays what it is.
    const claimsJson = contentType === undefined || /[/+]json\b/i.test(contentType)
    const what = claimsJson ? 'is not valid JSON' : `is ${contentType}, not JSON`
    throw new TaskError('MALFORMED_RESPONSE', `${call}: the response ${what}: ${quoteBody(body)}`, {
      retryable: claimsJson,
      cause: error,
    })
  }
}

function isType(contentType: string | undefined, type: string): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === type
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header
}
