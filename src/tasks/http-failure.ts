/** Failures of HTTP calls as item errors: what happened, what the server said, whether a retry can help. */
import { excerpt } from '../domain/excerpt.ts'
import { parseRetryAfter } from '../domain/execution/retry-after.ts'
import { TaskError } from '../domain/execution/task.ts'

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
  const { code, ...options } = failureOfStatus(statusCode, headers.retryAfter, now)
  return new TaskError(code, `${call} answered ${statusCode}: ${quoteBody(body)}`, options)
}

/** What kind of failure a status is. @param retryAfter the header */
export function failureOfStatus(status: number, retryAfter: string | undefined, now: number) {
  const retryable = retryableStatuses.has(status)
  return {
    code: status === 429 ? ('RATE_LIMITED' as const) : ('HTTP_STATUS' as const),
    retryable,
    retryAfterMs: retryable ? parseRetryAfter(retryAfter, now) : null,
    overloaded: overloadStatuses.has(status),
  }
}

/** The beginning of a response body. */
export function quoteBody(body: string): string {
  return excerpt(body) || '(no content)'
}
