/**
 * An HTTP endpoint in its own process that records every call: `node endpoint.ts`. It prints its address as a line of
 * JSON. `POST /<behaviour>?ms=<latency>` with `{"item": …}` is a call; `GET /calls` returns all calls so far.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

/** Times are milliseconds since 1970. A call without a complete response has no `answeredAt`. */
export interface EndpointCall {
  item: string
  startedAt: number
  answeredAt: number | null
  /** When its connection became free or was closed; null until then. */
  endedAt: number | null
}

const calls: EndpointCall[] = []

const behaviours: Record<string, (response: ServerResponse, number: number, ms: number) => void> = {
  answer: (response, number, ms) => {
    const timer = setTimeout(() => response.end(JSON.stringify({ call: number })), ms)
    response.once('close', () => clearTimeout(timer))
  },
  hang: () => {},
  reset: (response) => response.socket?.resetAndDestroy(),
  half: (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
    response.write('{"call":')
  },
}

async function take(request: IncomingMessage, response: ServerResponse, behaviour: string, ms: number): Promise<void> {
  const call: EndpointCall = { item: '', startedAt: Date.now(), answeredAt: null, endedAt: null }
  const number = calls.push(call)
  response.once('finish', () => {
    call.answeredAt = Date.now()
  })
  response.once('close', () => {
    call.endedAt = Date.now()
  })
  const body = (await json(request)) as { item: unknown }
  call.item = String(body.item)
  response.setHeader('content-type', 'application/json')
  behaviours[behaviour === 'mixed' ? (kinds[Number(call.item) % kinds.length] ?? '') : behaviour]?.(
    response,
    number,
    ms,
  )
}

const kinds = ['answer', 'hang', 'reset', 'half']

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://endpoint')
  if (request.method === 'GET') return response.end(JSON.stringify(calls))
  // A caller that disconnects before its request has arrived does not count as a call.
  take(request, response, pathname.slice(1), Number(searchParams.get('ms') ?? 0)).catch(() => response.destroy())
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`)
})
