/**
 * HTTP endpoints that do anything: `node erratic-endpoints.ts <count>` prints their addresses as a line of JSON. A call is
 * `POST /` with `{"item": …}`; `GET /calls` says what became of the calls for each item, in their order: a letter each.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

const outcomes: { letter: string; share: number; give: (response: ServerResponse) => void }[] = [
  { letter: 'e', share: 0.2, give: (response) => response.writeHead(500).end('out of order') },
  {
    letter: 'w',
    share: 0.03,
    give: (response) => response.writeHead(429, { 'retry-after': String(Math.round(Math.random())) }).end(),
  },
  { letter: 'r', share: 0.05, give: (response) => response.socket?.resetAndDestroy() },
  { letter: 'h', share: 0.02, give: () => {} },
  { letter: 'a', share: 0.7, give: (response) => response.end('"answered"') },
]

function draw() {
  let left = Math.random()
  for (const outcome of outcomes) {
    left -= outcome.share
    if (left < 0) return outcome
  }
  return outcomes[0]
}

async function listen(): Promise<string> {
  const calls: Record<string, string> = {}
  const server = createServer(async (request, response) => {
    response.setHeader('content-type', 'application/json')
    if (request.method === 'GET') return response.end(JSON.stringify(calls))
    const { item } = (await json(request)) as { item: string }
    const outcome = draw()
    calls[item] = (calls[item] ?? '') + outcome?.letter
    outcome?.give(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const urls = await Promise.all(Array.from({ length: Number(process.argv[2]) }, listen))
process.stdout.write(`${JSON.stringify(urls)}\n`)
