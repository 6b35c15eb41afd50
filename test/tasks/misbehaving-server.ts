import http from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SeenRequest {
  method: string
  url: string
  headers: http.IncomingHttpHeaders
  body: string
}

export type Behaviour = (response: http.ServerResponse, request: SeenRequest) => void

export interface TestServer {
  url: string
  requests: SeenRequest[]
  /** Sockets opened so far. */
  connections: () => number
  stop(): Promise<void>
}

/** A real HTTP server whose responses, or lack of one, depend on the path of the request. */
export async function startServer(behaviours: Record<string, Behaviour>): Promise<TestServer> {
  const requests: SeenRequest[] = []
  let connections = 0
  const server = http.createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const seen = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }
    requests.push(seen)
    const behaviour = behaviours[new URL(seen.url, 'http://server').pathname]
    if (behaviour) behaviour(response, seen)
    else response.writeHead(404).end('no such path')
  })
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connections: () => connections,
    stop() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

export const answers = {
  continue: (response: http.ServerResponse) => {
    response.writeContinue()
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  },
  json:
    (value: unknown): Behaviour =>
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    },
  status:
    (status: number, headers: http.OutgoingHttpHeaders = {}, body = ''): Behaviour =>
    (response) => {
      response.writeHead(status, headers).end(body)
    },
  bytes:
    (headers: http.OutgoingHttpHeaders, body: Buffer): Behaviour =>
    (response) => {
      response.writeHead(200, headers).end(body)
    },
  hang: (() => {}) as Behaviour,
  reset: ((response) => {
    response.socket?.resetAndDestroy()
  }) as Behaviour,
  slowHeaders: ((response) => {
    // The status line, and then nothing more.
    response.socket?.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n')
  }) as Behaviour,
  halfBody: ((response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"answer": "forty', () => response.socket?.destroy())
  }) as Behaviour,
  halfChunkedBody: ((response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('{"answer": "forty', () => response.socket?.destroy())
  }) as Behaviour,
  hangingBody: ((response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('{"answer": "forty')
  }) as Behaviour,
  halfJson: ((response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"answer": "forty')
  }) as Behaviour,
  hugeBody: ((response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const chunk = Buffer.alloc(1_000_000, 'x')
    const more = () => {
      while (!response.destroyed) if (!response.write(chunk)) return void response.once('drain', more)
    }
    more()
  }) as Behaviour,
}
