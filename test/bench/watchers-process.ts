/**
 * Many subscribers in a process of their own, which do not parse what they get: they skip the frames, so that they take as
 * little of the machine as they can, and that only where nobody else wants it: they stand for other machines. Its argument
 * is JSON, see `WatchersOptions`; it says "following" once each has had something, and after each line on its standard input
 * what has come since the one before, as JSON, see `Watched`.
 */
import { constants, setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { RawSocket } from './raw-socket.ts'

export interface WatchersOptions {
  url: string
  sockets: number
  perSocket: number
  query: string
  variables: object
  /** API keys, of which the sockets use one after the other; none: without a key. */
  keys?: string[]
  /** Whether to note the cursor of each message. */
  cursors?: boolean
  /** Whether it runs before other programs, to see when messages are written; default: after them. */
  isPrompt?: boolean
}

export interface Watched {
  messages: number
  bytes: number
  /** Positions in the feed, and when the first bytes of their messages came, in milliseconds since 1970. */
  reached: [position: number, at: number][]
}

const options = JSON.parse(process.argv[2] ?? '') as WatchersOptions
if (!options.isPrompt) setPriority(constants.priority.PRIORITY_LOW)
const { url, sockets, perSocket, query, variables, keys = [], cursors = false } = options
/** Sockets that connect at once. */
const atOnce = 50
let watched: Watched = { messages: 0, bytes: 0, reached: [] }
/** Of the positions in bases of 64 that cursors are, each is decoded once. */
const decoded = new Map<string, number>()

function positionOf(start: string): number {
  const [, cursor = ''] = /"cursor":"([^"]*)"/.exec(start) ?? []
  const position = decoded.get(cursor) ?? Number(Buffer.from(cursor, 'base64url').toString().split(':').at(-1))
  decoded.set(cursor, position)
  return position
}

function follow(number: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const key = keys[number % keys.length]
  const payload = key === undefined ? {} : { authorization: `Bearer ${key}` }
  const waiting = new Set(Array.from({ length: perSocket }, (_, n) => String(n)))
  let isReady = false
  const socket = new RawSocket(url, {
    onOpen: () => socket.send(JSON.stringify({ type: 'connection_init', payload })),
    onError: reject,
    onMessage(start, length) {
      if (!isReady) {
        isReady = true
        for (const id of waiting) socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } }))
        return
      }
      watched.messages += 1
      watched.bytes += length
      if (cursors) watched.reached.push([positionOf(start()), performance.timeOrigin + performance.now()])
      if (waiting.size === 0) return
      const text = start()
      if (!text.includes('"next"') || text.includes('"errors"')) return reject(new Error(text))
      waiting.delete(/"id":"(\d+)"/.exec(text)?.[1] ?? '')
      if (waiting.size === 0) resolve()
    },
  })
  return promise
}

for (let first = 0; first < sockets; first += atOnce) {
  const count = Math.min(atOnce, sockets - first)
  await Promise.all(Array.from({ length: count }, (_, n) => follow(first + n)))
}
process.stdout.write('following\n')
for await (const _ of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(watched)}\n`)
  watched = { messages: 0, bytes: 0, reached: [] }
}
process.exit()
