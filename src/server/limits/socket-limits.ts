/**
 * Limits of WebSocket clients: messages per second, unsent bytes, bytes of incomplete messages, and sockets that are
 * not authenticated yet. A socket that exceeds a limit is closed; one that sends too fast is paused.
 */
import type { Socket } from 'node:net'
import type WebSocket from 'ws'

export const socketLimits = {
  /** Sockets before their `connection_init` is accepted; beyond this the oldest is closed. */
  waiting: 256,
  /** Bytes and messages per socket before its `connection_init` is accepted. */
  waitingBytes: 16 * 1024,
  waitingMessages: 10,
  /** Authenticated sockets of a caller. */
  perCaller: 2_000,
  /** Messages on all sockets of a caller. */
  messages: { perSecond: 1_000, burst: 2_000 },
  /** Unsent bytes per socket, and of all sockets. */
  unsentBytes: 16 * 1024 * 1024,
  allUnsentBytes: 128 * 1024 * 1024,
  /** Bytes of incomplete messages, of all sockets. */
  allUnfinishedBytes: 128 * 1024 * 1024,
}

/** How long a client may take to answer a close frame in the mean, in milliseconds. */
const closeMs = 500
/** What is read of a client after a violation of the protocol, in bytes. */
const lastBytes = 1024 * 1024

export class SocketLimits {
  readonly #clients: ReadonlySet<WebSocket>
  /** Not authenticated yet, oldest first. */
  readonly #waiting = new Set<WebSocket>()
  #unfinishedBytes = 0
  #isTerminating = false

  /** @param clients all open sockets */
  constructor(clients: ReadonlySet<WebSocket>) {
    this.#clients = clients
  }

  /**
   * Watches a new socket. @returns a function to call when its client is authenticated, with one that counts a message of it
   * and says for how many milliseconds to read no more
   */
  watch(socket: WebSocket, connection: Socket): (pauseOf: () => number) => void {
    this.#waiting.add(socket)
    const [oldest] = this.#waiting
    if (oldest && this.#waiting.size > socketLimits.waiting) {
      this.#waiting.delete(oldest)
      // Clients come back after this code: it may be one of many that reconnect at once.
      closeSocket(oldest, 1013, 'Too many sockets wait for their connection_init; try again later')
    }

    let pauseOf: (() => number) | null = null
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
      if (pauseOf === null && received > socketLimits.waitingBytes) {
        closeSocket(socket, 1009, `Expected connection_init within ${socketLimits.waitingBytes} bytes`)
      } else if (this.#unfinishedBytes > socketLimits.allUnfinishedBytes) {
        closeSocket(socket, 1013, 'Too many incomplete messages; try again later')
      }
    })
    let resume: NodeJS.Timeout | undefined
    const count = () => {
      finished()
      messages += 1
      if (pauseOf === null) {
        if (messages > socketLimits.waitingMessages) {
          closeSocket(socket, 4429, `Expected connection_init within ${socketLimits.waitingMessages} messages`)
        }
        return
      }
      const pauseMs = pauseOf()
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
    return (pauseOfCaller) => {
      this.#waiting.delete(socket)
      pauseOf = pauseOfCaller
    }
  }

  /**
   * Terminates the sockets that have most to send, one in each turn of the event loop: what one had to send is forgotten
   * only after it.
   */
  terminateSlowestWhile(isTooMuch: () => boolean): void {
    if (this.#isTerminating || !isTooMuch()) return
    let slowest: WebSocket | null = null
    for (const client of this.#open()) {
      if (client.bufferedAmount > (slowest?.bufferedAmount ?? 0)) slowest = client
    }
    if (!slowest) return
    slowest.terminate()
    this.#isTerminating = true
    setImmediate(() => {
      this.#isTerminating = false
      this.terminateSlowestWhile(isTooMuch)
    })
  }

  /** Call before sending: terminates the socket of a client that does not read fast enough. */
  checkUnsent(socket: WebSocket): void {
    if (socket.bufferedAmount > socketLimits.unsentBytes) return void socket.terminate()
    if (socket.bufferedAmount < socketLimits.unsentBytes / 16) return
    this.terminateSlowestWhile(() => {
      const sum = this.#open().reduce((unsent, client) => unsent + client.bufferedAmount, 0)
      return sum > socketLimits.allUnsentBytes
    })
  }

  #open(): WebSocket[] {
    return [...this.#clients].filter((client) => client.readyState === client.OPEN)
  }
}

/** Closes a socket and ignores further messages; terminates it if the client does not answer in time. */
export function closeSocket(socket: WebSocket, code?: number, reason?: string): void {
  if (socket.readyState !== socket.OPEN) return
  for (const event of ['message', 'ping', 'pong'] as const) socket.removeAllListeners(event)
  socket.close(code, reason)
  // Do not read what the client still sends.
  socket.pause()
  terminateLater(socket)
}

/**
 * Call after a violation of the protocol: `ws` closes the socket, and reads and drops whatever else comes for half a minute.
 * This lets it read what a client sends that closes it in turn, and no more.
 */
export function readLittleMore(socket: WebSocket, connection: Socket): void {
  let left = lastBytes
  connection.on('data', ({ length }: Buffer) => {
    left -= length
    if (left < 0) socket.pause()
  })
  terminateLater(socket)
}

function terminateLater(socket: WebSocket): void {
  // Those that were closed together should not come back together.
  const late = setTimeout(() => socket.terminate(), closeMs * (0.5 + Math.random()))
  socket.once('close', () => clearTimeout(late))
}
