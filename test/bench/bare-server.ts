import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'

/**
 * Answers every request with a text in this process, until it is killed: says its URL, and after each line on the standard
 * input the CPU microseconds of all requests since the one before.
 */
export async function answerBare(answer: () => string | Promise<string>): Promise<never> {
  const server = createServer(async (_request, response) => {
    const text = await answer()
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    })
    response.end(text)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)

  let before = process.cpuUsage()
  for await (const _ of createInterface({ input: process.stdin })) {
    const { user, system } = process.cpuUsage(before)
    before = process.cpuUsage()
    process.stdout.write(`${user + system}\n`)
  }
  process.exit()
}
