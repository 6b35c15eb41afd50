/**
 * Sends ready buffers with `ws`, in a process of its own: what a delivery costs at least. It says its URL. A line of JSON
 * `[bytes, rounds, everyMs]` on its standard input makes it send so many bytes to each of its sockets in each round; then it
 * says the CPU microseconds of each message.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocketServer } from 'ws'

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
await once(server, 'listening')
server.on('connection', (socket) => {
  socket.on('message', (data) => {
    const { type, id } = JSON.parse(String(data))
    socket.send(type === 'subscribe' ? JSON.stringify({ id, type: 'next', payload: {} }) : '{"type":"connection_ack"}')
  })
})
process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)

for await (const line of createInterface({ input: process.stdin })) {
  const [bytes, rounds, everyMs] = JSON.parse(line) as [number, number, number]
  const buffer = Buffer.alloc(bytes, 'x')
  const send = async (times: number) => {
    for (let round = 0; round < times; round += 1) {
      for (const socket of server.clients) socket.send(buffer)
      await delay(everyMs)
    }
  }
  await send(Math.ceil(rounds / 5))
  const before = process.cpuUsage()
  await send(rounds)
  const { user, system } = process.cpuUsage(before)
  process.stdout.write(`${(user + system) / (rounds * server.clients.size)}\n`)
}
process.exit()
