/** What hostile clients are made of: they send to one server on loopback only, and end when their signal aborts. */
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'

export interface Target {
  url: string
  /** Of the attacker's project. */
  key: string
  /** Two runs of 5,000 items, and one of large outputs. */
  runIds: readonly string[]
  /** An experiment with the items of the first two. */
  experimentId: string
  signal: AbortSignal
}

export type Shape = (target: Target) => Promise<void>

/** Does the same again and again in so many places at once; errors are what a hostile client expects. */
export async function again({ signal }: Target, places: number, work: (n: number) => Promise<unknown>): Promise<void> {
  let n = 0
  const one = async () => {
    while (!signal.aborted) {
      await work(n++).catch(() => setTimeout(20))
    }
  }
  await Promise.all(Array.from({ length: places }, one))
}

export async function ask({ url, key, signal }: Target, query: string, variables: object = {}): Promise<void> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables }),
    signal,
  })
  await response.arrayBuffer()
}

export function frame(opcode: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(payload.length < 126 ? 6 : 14)
  head[0] = 0x80 | opcode
  head[1] = 0x80 | (payload.length < 126 ? payload.length : 127)
  if (payload.length >= 126) head.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([head, payload])
}

/** Sends raw bytes without reading anything, as fast as they are taken, until the connection or the time ends. */
export function pour({ url, signal }: Target, begin: string, bytes: Buffer): Promise<void> {
  const { hostname, port } = new URL(url)
  const { promise, resolve } = Promise.withResolvers<void>()
  const socket = connect(Number(port), hostname)
  const end = () => void socket.destroy()
  signal.addEventListener('abort', end, { once: true })
  socket.on('error', () => {})
  socket.once('close', () => {
    signal.removeEventListener('abort', end)
    resolve()
  })
  const send = () => {
    for (let n = 0; n < 64; n++) if (!socket.write(bytes)) return void socket.once('drain', send)
    setImmediate(() => !socket.destroyed && send())
  }
  // A character for each byte, as of frames.
  socket.write(begin, 'latin1', send)
  return promise
}

export const upgrade =
  'GET /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n'
export const message = (value: object) => frame(1, Buffer.from(JSON.stringify(value)))
export const times = (count: number, part: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => part(n)).join(' ')
export const post = (key: string, more: string) =>
  `POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\n${more}\r\n\r\n`
