/**
 * What WebSocket clients may cost: messages a second, bytes that wait for them or that they have begun to send, and
 * sockets of which nobody knows yet whose they are. A socket that exceeds a limit is closed; messages that come too fast
 * are read later.
 */
import type { Socket } from 'node:net'
import type WebSocket from 'ws'
import type { MessageRate } from './message-rate.ts'

export const socketLimits = {
  /** Sockets before their `connection_init` is accepted; beyond it the one that waits longest is closed. */
  waiting: 256,
  /** Bytes and messages of a socket before its `connection_init` is accepted. */
  waitingBytes: 16 * 1024,
  waitingMessages: 10,
  /** Messages of all sockets of a caller. */
  messages: { perSecond: 1_000, burst: 2_000 },
  /** Bytes that wait to be read by the client of one socket, and of all sockets together. */
  unsentBytes: 16 * 1024 * 1024,
  allUnsentBytes: 128 * 1024 * 1024,
  /** Bytes of messages that have only begun to arrive, of all sockets together. */
  allUnfinishedBytes: 128 * 1024 * 1024,
}

/** How long a client may take to answer a close. */
const closeMs = 500

export class SocketLimits {
  readonly #clients: ReadonlySet<WebSocket>
  /** In the order they came. */
  readonly #waiting = new Set<WebSocket>()
  #unfinishedBytes = 0

  /** @param clients all open sockets */
  constructor(clients: ReadonlySet<WebSocket>) {
    this.#clients = clients
  }

  /** Watches a new socket. @returns what to call when its client is known */
  watch(socket: WebSocket, connection: Socket): (rate: MessageRate) => void {
    this.#waiting.add(socket)
    const [oldest] = this.#waiting
    if (oldest && this.#waiting.size > socketLimits.waiting) {
      this.#waiting.delete(oldest)
      closeSocket(oldest, 4429, 'Too many sockets wait for their connection_init')
    }

    let rate: MessageRate | null = null
    let received = 0
    let unfinished = 0
    let messages = 0
    const finished = () => {
      this.#unfinishedBytes -= unfinished
      unfinished = 0
    }
    connection.on('data', (chunk: Buffer) => {
      received += chunk.length
      unfinished += chunk.length
      this.#unfinishedBytes += chunk.length
      if (rate === null && received > socketLimits.waitingBytes) {
        closeSocket(socket, 1009, `Expected connection_init within ${socketLimits.waitingBytes} bytes`)
      } else if (this.#unfinishedBytes > socketLimits.allUnfinishedBytes) {
        closeSocket(socket, 1013, 'Too many messages are only half here; try again later')
      }
    })
    let resume: NodeJS.Timeout | undefined
    const count = () => {
      finished()
      messages += 1
      if (rate === null) {
        if (messages > socketLimits.waitingMessages) {
          closeSocket(socket, 4429, `Expected connection_init within ${socketLimits.waitingMessages} messages`)
        }
        return
      }
      const pauseMs = rate.take(performance.now())
      if (pauseMs === 0) return
      socket.pause()
      clearTimeout(resume)
      resume = setTimeout(() => socket.resume(), pauseMs)
    }
    for (const event of ['message', 'ping', 'pong'] as const) socket.on(event, count)
    socket.once('close', () => {
      this.#waiting.delete(socket)
      clearTimeout(resume)
      finished()
    })
    return (given) => {
      this.#waiting.delete(socket)
      rate = given
    }
  }

  /** To be called before something is sent: ends the socket of a client that does not read what it asked for. */
  checkUnsent(socket: WebSocket): void {
    if (socket.bufferedAmount > socketLimits.unsentBytes) return void socket.terminate()
    if (socket.bufferedAmount < socketLimits.unsentBytes / 16) return
    let sum = 0
    let slowest = socket
    for (const client of this.#clients) {
      sum += client.bufferedAmount
      if (client.bufferedAmount > slowest.bufferedAmount) slowest = client
    }
    if (sum > socketLimits.allUnsentBytes) slowest.terminate()
  }
}

/** Closes a socket and hears nothing more from it; one that does not answer the close in time is ended. */
export function closeSocket(socket: WebSocket, code?: number, reason?: string): void {
  if (socket.readyState !== socket.OPEN) return
  for (const event of ['message', 'ping', 'pong'] as const) socket.removeAllListeners(event)
  socket.close(code, reason)
  // What it goes on sending is not even read.
  socket.pause()
  const late = setTimeout(() => socket.terminate(), closeMs)
  socket.once('close', () => clearTimeout(late))
}
