import type { ServerResponse } from 'node:http'

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

/** Ends a response with an error in the format of GraphQL, which every client can show. */
export function respondError(
  response: ServerResponse,
  status: number,
  message: string,
  headers: Record<string, string> = {},
): void {
  respondJson(response, status, { errors: [{ message }] }, headers)
}
