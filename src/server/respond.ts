import type { ServerResponse } from 'node:http'
import type { ErrorCode } from '../domain/errors.ts'

/** Ends a response with JSON. */
export function respondJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = `${JSON.stringify(body)}\n`
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...headers,
  })
  response.end(text)
}

/** Whether the response is a subscription over SSE. */
export function isEventStream(response: ServerResponse): boolean {
  return response.getHeader('content-type')?.toString().startsWith('text/event-stream') ?? false
}

/** Codes of errors by HTTP status. */
const codes: Record<number, ErrorCode> = {
  400: 'INVALID_INPUT',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  406: 'NOT_ACCEPTABLE',
  408: 'LIMIT',
  409: 'CONFLICT',
  410: 'CURSOR_EXPIRED',
  413: 'LIMIT',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'LIMIT',
}

/** An error in the format of GraphQL, which every client can show. @param path the part of the input at fault */
export function errorResult(status: number, message: string, path: string[] | null = null) {
  const code = codes[status] ?? 'INTERNAL_SERVER_ERROR'
  return { errors: [{ message, extensions: { code, ...(path && { path }) } }] }
}

/** Ends a response with `errorResult`. */
export function respondError(
  response: ServerResponse,
  status: number,
  message: string,
  headers: Record<string, string> = {},
  path: string[] | null = null,
): void {
  respondJson(response, status, errorResult(status, message, path), headers)
}
