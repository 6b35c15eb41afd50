/** Messages on their way to real sockets. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { SocketLimits } from '../../../src/server/limits/socket-limits.ts'
import { messageStart, Payload } from '../../../src/server/subscriptions/payload.ts'
import { keptMs, RecentEvents } from '../../../src/server/subscriptions/recent-events.ts'
import { SocketOutlet } from '../../../src/server/subscriptions/socket-outlet.ts'

let server: WebSocketServer
beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  await once(server, 'listening')
})
afterAll(() => {
  for (const client of server.clients) client.terminate()
  server.close()
})
afterEach(() => void vi.useRealTimers())

/** A socket, its outlet, and what its client has got. */
async function open() {
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const texts: string[] = []
  client.on('message', (data) => texts.push(String(data)))
  const [socket, { socket: connection }] = (await once(server, 'connection')) as [WebSocket, IncomingMessage]
  return { socket, connection, texts, outlet: new SocketOutlet(socket, connection, new SocketLimits(server.clients)) }
}

const payloadOf = (value: unknown) => new Payload({ data: { value } })
const textOf = (id: string, value: unknown) =>
  `{"id":"${id}","type":"next","payload":{"data":{"value":${JSON.stringify(value)}}}}`

test('messages of any size come whole and in their order, small ones in one piece, and a shared one is counted once', async () => {
  const [one, other] = [await open(), await open()]
  const values = ['é', 'b'.repeat(60), 'c'.repeat(500), 'd'.repeat(100_000), 'e', 'f'.repeat(3_000), 'g']
  const payloads = values.map(payloadOf)
  const write = vi.spyOn(one.connection, 'write')
  for (const { outlet } of [one, other]) {
    for (const [n, payload] of payloads.entries()) outlet.send(messageStart(String(n)), payload)
  }
  expect(Payload.unsentBytes).toBe(payloads.reduce((sum, { messageEnd }) => sum + messageEnd.length, 0))
  const texts = values.map((value, n) => textOf(String(n), value))
  for (const { texts: got } of [one, other]) await expect.poll(() => got).toEqual(texts)
  // Three small ones together, then a large one after its header, one that is alone, a large one and the last.
  expect(write).toHaveBeenCalledTimes(7)
  await expect.poll(() => Payload.unsentBytes).toBe(0)
})

test('the bytes of a payload are given back once it is sent, and nobody else can come for it', async () => {
  const { outlet, texts } = await open()
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] })
  const [recent, payload] = [new RecentEvents(), payloadOf('x'.repeat(100_000))]
  const position = { place: 'b', order: null, cursor: null, more: false, readAt: 0 }
  recent.keep('a', { payload, position, readAt: 0 })
  outlet.send(messageStart('1'), payload)
  vi.advanceTimersByTime(2 * keptMs)
  expect([recent.get('a'), payload.messageEnd.length > 100_000]).toEqual([undefined, true])
  vi.useRealTimers()
  await expect.poll(() => texts).toEqual([textOf('1', 'x'.repeat(100_000))])
  await expect.poll(() => payload.messageEnd.length).toBe(0)
})

test('what waits is written before anything else is, and not to a socket that is closing', async () => {
  const { socket, outlet, texts } = await open()
  outlet.send(messageStart('1'), payloadOf('first'))
  outlet.flush()
  socket.send('second')
  await expect.poll(() => texts).toEqual([textOf('1', 'first'), 'second'])
  const payload = payloadOf('too late')
  outlet.send(messageStart('1'), payload)
  const closed = once(socket, 'close')
  socket.close(1001)
  await closed
  expect(Payload.unsentBytes).toBe(0)
  expect(texts).toHaveLength(2)
})

test('a message to many sockets lets other work in between', async () => {
  const sockets: Awaited<ReturnType<typeof open>>[] = []
  while (sockets.length < 8) sockets.push(await open())
  vi.useFakeTimers({ toFake: ['performance'] })
  const order: string[] = []
  for (const { connection } of sockets) {
    const uncork = connection.uncork.bind(connection) as Duplex['uncork']
    vi.spyOn(connection, 'uncork').mockImplementation(() => {
      // So long takes each.
      vi.advanceTimersByTime(1)
      order.push('socket')
      uncork()
    })
  }
  const payload = payloadOf('for all')
  for (const { outlet } of sockets) outlet.send(messageStart('1'), payload)
  const other = async () => {
    await new Promise(setImmediate)
    order.push('other')
  }
  for (let n = 0; n < 2; n += 1) await other()
  for (const { texts } of sockets) await expect.poll(() => texts).toEqual([textOf('1', 'for all')])
  expect(order.slice(0, 7)).toEqual(['socket', 'socket', 'socket', 'other', 'socket', 'socket', 'socket'])
})
