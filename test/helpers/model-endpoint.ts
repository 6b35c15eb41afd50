/** A small HTTP service under test: `POST /<model>` with a question returns that model's recorded solution. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ModelEndpoint {
  url: string
  /** Calls so far, by question and model. */
  calls: Map<string, number>
  close(): Promise<void>
}

/** A failure in place of the answer; undefined for none. */
type Fault = (call: { key: string; attempt: number }, response: ServerResponse) => boolean

export async function startModelEndpoint(
  answer: (model: string, question: string) => string | undefined,
  fault: Fault = () => false,
): Promise<ModelEndpoint> {
  const calls = new Map<string, number>()
  const server = createServer(async (request, response) => {
    const model = request.url?.slice(1) ?? ''
    const { question } = JSON.parse(await bodyOf(request)) as { question: string }
    const key = `${model}: ${question}`
    const attempt = (calls.get(key) ?? 0) + 1
    calls.set(key, attempt)
    if (fault({ key, attempt }, response)) return
    const solution = answer(model, question)
    if (solution === undefined) response.writeHead(404).end('no such question')
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ solution }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
