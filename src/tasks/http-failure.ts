/** Failures of HTTP calls as item errors: what happened, what the server said, whether a retry can help. */
import { codeOf, messageOf } from '../domain/errors.ts'
import { excerpt } from '../domain/excerpt.ts'
import { TaskError, type TaskErrorCode } from '../domain/execution/task.ts'
import { replaceUnstorable } from '../domain/json/storable.ts'
import { BlockedAddressError } from './http-client.ts'
import { parseRetryAfter } from './retry-after.ts'

/** Overloaded, restarting or too early; model providers return 529 when they are overloaded. */
const retryableStatuses = new Set([408, 425, 429, 500, 502, 503, 504, 529])

const overloadStatuses = new Set([429, 503, 529])

/** A status outside 200–299. @param call e.g. "POST http://host/path" */
export function statusError(
  call: string,
  response: { statusCode: number; headers: { location?: string; retryAfter?: string }; body: string },
  now: number,
): TaskError {
  const { statusCode, headers, body } = response
  if (statusCode >= 300 && statusCode < 400) {
    const target = headers.location === undefined ? 'nowhere' : excerpt(headers.location)
    const what = `${call} answered ${statusCode}, a redirect to ${target}.`
    const message = `${what} Redirects are not followed: use the final URL.`
    return new TaskError('HTTP_STATUS', message, { retryable: false })
  }
  const retryable = retryableStatuses.has(statusCode)
  return new TaskError(
    statusCode === 429 ? 'RATE_LIMITED' : 'HTTP_STATUS',
    `${call} answered ${statusCode}: ${quoteBody(body)}`,
    {
      retryable,
      retryAfterMs: retryable ? parseRetryAfter(headers.retryAfter, now) : null,
      overloaded: overloadStatuses.has(statusCode),
    },
  )
}

/** A call that ended without a complete response. */
export function connectionError(call: string, error: unknown): TaskError {
  if (error instanceof BlockedAddressError) {
    return new TaskError('BLOCKED_ADDRESS', `${call} was not made. ${error.message}.`, {
      retryable: false,
      cause: error,
    })
  }
  const code = codeOf(error) ?? ''
  const refused = code === 'ECONNREFUSED'
  const why = refused
    ? 'nothing is listening there (connection refused)'
    : (explanations[code] ?? reasonOf(error, code))
  const kind: TaskErrorCode = refused ? 'CONNECTION_REFUSED' : 'CONNECTION_FAILED'
  return new TaskError(kind, `${call} failed: ${why}.`, { retryable: !certificateCodes.test(code), cause: error })
}

const explanations: Record<string, string> = {
  ECONNRESET: 'the server reset the connection',
  EPIPE: 'the server closed the connection',
  UND_ERR_SOCKET: 'the server closed the connection before the response was complete',
  UND_ERR_CONNECT_TIMEOUT: 'no connection within 10 s',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the host name could not be resolved',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
}

/** A retry would meet the same certificate. */
const certificateCodes = /^(CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/

/** An AggregateError of several connection attempts has a code and no message. */
function reasonOf(error: unknown, code: string): string {
  const reason = error instanceof Error && error.message === '' && code !== '' ? code : messageOf(error)
  return replaceUnstorable(reason).replace(/\.$/, '')
}

/** The beginning of a response body. */
export function quoteBody(body: string): string {
  return excerpt(body) || '(no content)'
}
