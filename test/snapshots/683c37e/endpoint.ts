/** The endpoint that the runs of `sums` call. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'

/** Adds: at `/add` always rightly, at `/ill` with a mistake or an error now and then. */
export async function startEndpoint(): Promise<{ url: string; stop: () => void }> {
  let calls = 0
  const server = createServer(async (request, response) => {
    const { question } = (await json(request)) as { question: string }
    const [a = 0, b = 0] = question.split('+').map(Number)
    const ill = request.url === '/ill'
    calls += 1
    await delay((a * 7 + b * 3) % 20)
    if (ill && a % 6 === 5) response.writeHead(404).end('{"error": "never heard of it"}')
    else if (ill && a % 7 === 3 && calls % 2) response.writeHead(503).end('{}')
    else {
      const answer = ill && a % 4 === 0 ? a - b : a + b
      const body = { answer, usd: b === 4 ? undefined : a / 1_000, tokens: { in: question.length, out: 1 } }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, stop: () => server.close() }
}
