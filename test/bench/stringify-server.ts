/**
 * What an answer costs at least that is made anew each time, in a process of its own: `node:http` and `JSON.stringify` of
 * what the file named by its argument contains. It says its URL, and after each line on its standard input the CPU
 * microseconds of all requests since the one before.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'

const value: unknown = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
const server = createServer((_request, response) => {
  const text = JSON.stringify(value)
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
