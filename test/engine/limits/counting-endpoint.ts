/** An HTTP endpoint that records the requests that reach it: how many at once, and when. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Gauge } from './gauge.ts'

export interface CountingEndpoint extends AsyncDisposable {
  url: string
  /** Requests in flight; `starts` are their arrivals. */
  gauge: Gauge
  /** If this returns a response, the request is answered with it at once. May be replaced at any time. */
  refuse: (arrivedAt: number) => { status: number; headers?: http.OutgoingHttpHeaders } | null
}

/** Answers every request with "ok" after this many milliseconds; Infinity: never. */
export async function startEndpoint(ms: number): Promise<CountingEndpoint> {
  const gauge = new Gauge()
  const server = http.createServer(async (request, response) => {
    const arrivedAt = gauge.enter()
    response.once('close', () => gauge.leave())
    request.resume()
    const refusal = endpoint.refuse(arrivedAt)
    if (refusal) return response.writeHead(refusal.status, refusal.headers).end()
    if (ms === Infinity) return
    await delay(ms)
    response.writeHead(200, { 'content-type': 'application/json' }).end('"ok"')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint: CountingEndpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    gauge,
    refuse: () => null,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return endpoint
}
