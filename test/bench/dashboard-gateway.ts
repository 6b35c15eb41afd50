/**
 * Stands between a browser and a server: what is requested comes from the server, what is subscribed to comes from a
 * recording, over a WebSocket of this process. It also serves an empty page that only parses what arrives, to compare with.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Payload } from '../../src/dashboard/data/resume.ts'
import { type Recording, tickMs } from './dashboard-recording.ts'

/** WINDOW: only rows that the page asked for; WHOLE: every row that changed. */
export type Mode = 'WINDOW' | 'WHOLE'

export interface Gateway extends AsyncDisposable {
  url: string
  /** What the page has subscribed to, by the name of the operation. */
  subscribed: ReadonlyMap<string, Payload>
  /** Delivers this much of the recording, from its start and over again, at its own speed. */
  play(recording: Recording, mode: Mode, seconds: number): Promise<void>
  /** As fast as the page takes it. */
  rush(recording: Recording, mode: Mode, ticks: number): Promise<void>
}

/** What the server waits between two reads of a busy feed. */
const headMs = 250
/** Rows of one batch of a whole feed. */
const batchSize = 100

export async function startGateway(server: string): Promise<Gateway> {
  const subscribed = new Map<string, Payload>()
  const peers = new Set<Peer>()
  const http = createServer((incoming, response) => {
    const { pathname } = new URL(incoming.url ?? '/', server)
    if (pathname === '/empty') respondEmpty(response, subscribed)
    else pass(server, incoming, response)
  })
  const sockets = new WebSocketServer({ server: http, path: '/graphql', handleProtocols: () => 'graphql-transport-ws' })
  sockets.on('connection', (socket) => {
    const peer = new Peer(socket, subscribed)
    peers.add(peer)
    socket.on('close', () => peers.delete(peer))
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const step = (recording: Recording, mode: Mode, tick: number) => {
    for (const peer of peers) peer.deliver(recording, mode, tick)
  }
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    subscribed,
    play: (recording, mode, seconds) =>
      new Promise((resolve) => {
        const start = performance.now()
        let tick = 0
        const timer = setInterval(() => {
          // Never behind, however late the timer is.
          for (; tick * tickMs < performance.now() - start; tick++) step(recording, mode, tick)
          if (performance.now() - start < seconds * 1_000) return
          clearInterval(timer)
          resolve()
        }, tickMs / 5)
      }),
    async rush(recording, mode, ticks) {
      for (let tick = 0; tick < ticks; tick++) {
        step(recording, mode, tick)
        if (tick % 10 === 9) await Promise.all([...peers].map((peer) => peer.caughtUp()))
      }
    },
    async [Symbol.asyncDispose]() {
      for (const client of sockets.clients) client.terminate()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

interface Subscription {
  /** Rows; null: the head of the run. */
  window: ReadonlySet<string> | null
  isRows: boolean
}

interface Message {
  type: string
  id?: string
  payload?: Payload & { operationName?: string }
}

/** A browser that is connected. */
class Peer {
  readonly #socket: WebSocket
  readonly #subscriptions = new Map<string, Subscription>()
  #pong = () => {}

  constructor(socket: WebSocket, subscribed: Map<string, Payload>) {
    this.#socket = socket
    socket.on('close', () => this.#pong())
    socket.on('message', (data) => {
      const { type, id = '', payload } = JSON.parse(String(data)) as Message
      if (type === 'connection_init') this.#send({ type: 'connection_ack' })
      else if (type === 'ping') this.#send({ type: 'pong' })
      else if (type === 'pong') this.#pong()
      else if (type === 'complete') this.#subscriptions.delete(id)
      else if (type === 'subscribe' && payload) {
        const name = /subscription (\w+)/.exec(payload.query)?.[1] ?? ''
        subscribed.set(name, payload)
        const { items } = (payload.variables?.window ?? {}) as { items?: string[] }
        this.#subscriptions.set(id, { isRows: name === 'RunItemsFeed', window: items ? new Set(items) : null })
      }
    })
  }

  deliver({ ticks, heads }: Recording, mode: Mode, tick: number) {
    const rows = ticks[tick % ticks.length] ?? []
    for (const [id, { isRows, window }] of this.#subscriptions) {
      if (!isRows) {
        const every = Math.round(headMs / tickMs) || 1
        if (tick % every === 0) this.#next(id, heads[Math.floor(tick / every) % heads.length] ?? '')
      } else {
        const wanted = mode === 'WHOLE' ? rows : rows.filter((row) => window?.has(row.id))
        for (let from = 0; from < wanted.length; from += batchSize) {
          const items = wanted.slice(from, from + batchSize).map(({ json }) => json)
          this.#next(id, `{"runFeed":{"cursor":"recorded","items":[${items.join(',')}]}}`)
        }
      }
    }
  }

  /** Resolves when the page has handled everything before. */
  caughtUp(): Promise<void> {
    return new Promise((resolve) => {
      this.#pong = resolve
      this.#send({ type: 'ping' })
    })
  }

  #next(id: string, data: string) {
    this.#socket.send(`{"id":${JSON.stringify(id)},"type":"next","payload":{"data":${data}}}`)
  }

  #send(message: object) {
    this.#socket.send(JSON.stringify(message))
  }
}

function pass(server: string, incoming: IncomingMessage, response: ServerResponse) {
  const { method, headers, url } = incoming
  const outgoing = request(new URL(url ?? '/', server), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers)
    answer.pipe(response)
  })
  outgoing.on('error', () => response.destroy())
  incoming.pipe(outgoing)
}

/** Subscribes as the page did, and does nothing else. */
function respondEmpty(response: ServerResponse, subscribed: ReadonlyMap<string, Payload>) {
  const script = `
    const socket = new WebSocket(location.origin.replace('http', 'ws') + '/graphql', 'graphql-transport-ws')
    const send = (message) => socket.send(JSON.stringify(message))
    const payloads = ${JSON.stringify([...subscribed.values()])}
    socket.onopen = () => send({ type: 'connection_init' })
    socket.onmessage = ({ data }) => {
      const { type } = JSON.parse(data)
      if (type === 'connection_ack') payloads.forEach((payload, n) => send({ id: String(n), type: 'subscribe', payload }))
      if (type === 'ping') send({ type: 'pong' })
    }`
  response.setHeader('content-type', 'text/html; charset=utf-8')
  response.end(`<!doctype html><title>Empty</title><script>${script}</script>`)
}
