/** Failures of calls of models as errors of tasks: what happened, what to do, and whether another call can help. */
import { APICallError, JSONParseError, TypeValidationError } from '@ai-sdk/provider'
import { errors } from 'undici'
import { messageOf } from '../domain/errors.ts'
import { excerpt } from '../domain/excerpt.ts'
import { BlockedAddressError, connectionError } from '../domain/execution/connection-error.ts'
import { TaskError, type TaskErrorCode } from '../domain/execution/task.ts'
import type { ModelAccess } from './open-model.ts'
import { maxResponseBytes } from './provider-fetch.ts'
import { waitOf } from './rate-limits.ts'

/**
 * @param error whatever the SDK threw
 * @param model as the provider was asked for it
 * @param now milliseconds since the epoch, for a `Retry-After` that is a date
 */
export function modelError(error: unknown, access: ModelAccess, model: string, now: number): TaskError {
  if (error instanceof TaskError) return error
  const call = { name: `${model} of ${access.name}`, quote: quoteWithout(access.apiKey) }
  const { message, code, ...options } = describe(error, call, now)
  return new TaskError(code, message, options)
}

interface Call {
  name: string
  /** The beginning of what was received, on one line. */
  quote: (text: string, length?: number) => string
}

/** Some servers repeat the key that they refuse. It is removed before the text is cut, which could leave a part of it. */
function quoteWithout(apiKey: string | null): Call['quote'] {
  return (text, length) => excerpt(apiKey ? text.replaceAll(apiKey, '********') : text, length)
}

const tooLarge = new errors.ResponseExceededMaxSizeError().code

interface Failure {
  code: TaskErrorCode
  message: string
  retryable: boolean
  retryAfterMs?: number | null
  overloaded?: boolean
  stopsRun?: boolean
}

function describe(error: unknown, call: Call, now: number): Failure {
  const blocked = causes(error).find((cause) => cause instanceof BlockedAddressError)
  if (blocked) return failureOf(connectionError(call.name, blocked))
  const timeout = causes(error).find((cause) => cause instanceof DOMException && cause.name === 'TimeoutError')
  if (timeout) return { code: 'TIMEOUT', message: `${call.name}: ${messageOf(timeout)}`, retryable: true }
  if (causes(error).some((cause) => 'code' in cause && cause.code === tooLarge)) {
    const message = `${call.name} answered with more than ${maxResponseBytes / 1_000_000} MB.`
    return { code: 'RESPONSE_TOO_LARGE', message, retryable: false }
  }
  if (APICallError.isInstance(error)) return describeCall(error, call, now)
  const refusal = refusalInStream(error)
  if (refusal) return classify(refusal, call, now)
  if (isMalformed(error)) return malformed(error, call)
  if (causes(error).some((cause) => typeof (cause as { code?: unknown }).code === 'string')) {
    return failureOf(connectionError(call.name, causes(error).at(-1)))
  }
  const invalid =
    error instanceof Error &&
    /^AI_(InvalidPrompt|InvalidArgument|InvalidMessage|Unsupported|MissingTool|Download)/.test(error.name)
  return {
    code: invalid ? 'INVALID_INPUT' : 'TASK_FAILED',
    message: `${call.name}: ${call.quote(messageOf(error), 500)}`,
    retryable: false,
  }
}

function describeCall(error: APICallError, call: Call, now: number): Failure {
  const { statusCode, responseHeaders = {}, responseBody = '' } = error
  if (statusCode === undefined) return failureOf(connectionError(call.name, causes(error).at(-1)))
  if (statusCode < 300) {
    const cut = causes(error).some((cause) => 'code' in cause && String(cause.code).startsWith('UND_ERR'))
    return cut ? failureOf(connectionError(call.name, causes(error).at(-1))) : malformed(error, call)
  }
  if (statusCode < 400) {
    const target = call.quote(responseHeaders.location ?? 'nowhere')
    const message = `${call.name} answered ${statusCode}, a redirect to ${target}. Redirects are not followed: correct the base URL of the provider.`
    return { code: 'NOTHING_SERVED', message, retryable: false, stopsRun: true }
  }
  return classify({ status: statusCode, body: responseBody, said: error.message, headers: responseHeaders }, call, now)
}

interface Refusal {
  status: number
  /** The error as the provider sent it, in whatever form. */
  body: string
  said: string
  headers: Readonly<Record<string, string>>
}

/** Google's and Bedrock's of a day are renewed too late to wait for. */
const quota =
  /insufficient_quota|insufficient[ _]credits?|credit balance|billing_not_active|billing_hard_limit|"quotaId":\s*"\w*PerDay|too many tokens per day/i
const unknownKey =
  /api[ _]key not valid|API_KEY_INVALID|invalid[ _-]?(x-)?api[ _-]?key|security token.{0,40}(invalid|expired)|bearer token.{0,20}(invalid|expired)|request signature/i
const notAllowed = /location is not supported|free tier is not available/i
const tooLong =
  /context_length_exceeded|maximum context length|context (window|length|size|limit)|prompt is too long|input is too long|too many (input )?tokens|exceeds the (available|maximum).{0,40}tokens/i
const filtered =
  /content_filter|content_policy|content management policy|ResponsibleAIPolicy|safety_violation|guardrail/i
const noModel =
  /model_not_found|not_found_error|DeploymentNotFound|models?\b.{0,120}(not found|does not exist|not exist|not supported)|no such model|invalid model|model identifier is invalid|unknown model|on-demand throughput|resolve the foundation model|end of its life/i

/** By status, and where providers use one status for several things, by what they say. */
function classify({ status, body, said, headers }: Refusal, call: Call, now: number): Failure {
  const all = `${body} ${said}`
  const answered = `${call.name} answered ${status}: ${call.quote(said || body, 500) || '(no content)'}`
  const stop = (code: TaskErrorCode, what: string): Failure => ({
    code,
    message: `${answered} ${what}`,
    retryable: false,
    stopsRun: true,
  })
  if (status === 402 || quota.test(all)) {
    return stop('QUOTA_EXHAUSTED', 'The quota of this key is used up: add credit at the provider, or use another key.')
  }
  if (status === 401 || ((status === 400 || status === 403) && unknownKey.test(all))) {
    return stop('AUTHENTICATION_FAILED', 'The provider does not accept the key: correct the key of the provider.')
  }
  if ((status === 403 && !filtered.test(all)) || (status === 400 && notAllowed.test(all))) {
    return stop('AUTHENTICATION_FAILED', 'The key may not do this: allow it at the provider, or use another key.')
  }
  if (status === 429) {
    return { code: 'RATE_LIMITED', message: answered, retryable: true, retryAfterMs: waitOf({ headers, body }, now) }
  }
  if (tooLong.test(all) && status < 500) {
    const message = `${answered} The prompt is longer than the model can take: shorten it, or use another model.`
    return { code: 'CONTEXT_LENGTH', message, retryable: false }
  }
  if (filtered.test(all) && status < 500) {
    return { code: 'CONTENT_FILTERED', message: answered, retryable: false }
  }
  if ((status === 404 || status === 400) && noModel.test(all)) {
    return stop('MODEL_NOT_FOUND', 'The provider has no such model, or this key may not use it: correct the model.')
  }
  if (status === 404 || status === 405) {
    return stop('NOTHING_SERVED', 'No models are served at this address: correct the base URL of the provider.')
  }
  // 424 is Bedrock's for a failure of the model.
  const retryable = [408, 409, 424, 425].includes(status) || status >= 500
  const retryAfterMs = retryable ? waitOf({ headers, body }, now) : null
  return {
    code: 'HTTP_STATUS',
    message: answered,
    retryable,
    retryAfterMs,
    overloaded: status === 503 || status === 529,
  }
}

/** An error that came as an event of a stream, which has no status. */
function refusalInStream(error: unknown): Refusal | null {
  if (typeof error !== 'object' || error === null) return null
  const { statusCode, type, code, data, message } = error as Record<string, unknown>
  if (error instanceof Error && error.name !== 'AI_StreamProviderError') return null
  const said = typeof message === 'string' ? message : JSON.stringify(error)
  const body = JSON.stringify({ type, code, data })
  const known = Object.entries(statusOfType).find(([pattern]) => `${type} ${code}`.includes(pattern))
  return { status: typeof statusCode === 'number' ? statusCode : (known?.[1] ?? 500), body, said, headers: {} }
}

const statusOfType = {
  overloaded: 529,
  rate_limit: 429,
  authentication: 401,
  permission: 403,
  invalid_request: 400,
  insufficient_quota: 429,
}

function isMalformed(error: unknown): boolean {
  if (JSONParseError.isInstance(error) || TypeValidationError.isInstance(error)) return true
  if (!(error instanceof Error)) return false
  return (
    /^AI_(InvalidResponseData|NoOutput|NoContent|EmptyResponse)/.test(error.name) || brokenFrame.test(error.message)
  )
}

/** Of Bedrock's streams. */
const brokenFrame = /event-stream frame|message checksum|prelude checksum/i

function malformed(error: unknown, call: Call): Failure {
  const body = APICallError.isInstance(error) ? error.responseBody : undefined
  const got = call.quote(body ?? messageOf(error)) || '(no content)'
  return {
    code: 'MALFORMED_RESPONSE',
    message: `${call.name}: the response cannot be read: ${got}`,
    retryable: true,
  }
}

function failureOf({ code, message, retryable }: TaskError): Failure {
  return { code: code as TaskErrorCode, message, retryable }
}

/** The error and its causes, the innermost last. */
function causes(error: unknown): Error[] {
  const chain: Error[] = []
  for (let at = error; at instanceof Error && !chain.includes(at); at = at.cause) chain.push(at)
  return chain
}
