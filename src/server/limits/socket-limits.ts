/**
 * Limits of WebSocket clients: messages per second, unsent bytes, bytes of incomplete messages, and sockets that are
 * not authenticated yet. A socket that exceeds a limit is closed; one that sends too fast is paused.
 */
import type WebSocket from 'ws'
import { closeSocket } from './close-socket.ts'
import { LongMessages } from './long-messages.ts'

export const socketLimits = {
  /** Sockets before their `connection_init` is accepted, and as many that are being closed instead; the oldest has to go. */
  waiting: 256,
  /** Bytes per socket before its `connection_init` has come, and messages before it is accepted. */
  waitingBytes: 16 * 1024,
  waitingMessages: 10,
  /** Authenticated sockets of a caller. */
  perCaller: 2_000,
  /** Messages on all sockets of a caller. */
  messages: { perSecond: 1_000, burst: 2_000 },
  /** Unsent bytes per socket, and of all sockets. */
  unsentBytes: 16 * 1024 * 1024,
  allUnsentBytes: 128 * 1024 * 1024,
  /** Bytes of incomplete messages, of all authenticated sockets. */
  allUnfinishedBytes: 128 * 1024 * 1024,
}

export class SocketLimits {
  readonly longMessages = new LongMessages()
  /** Of incomplete messages, of all authenticated sockets. */
  unfinishedBytes = 0
  readonly #clients: ReadonlySet<WebSocket>
  /** Not authenticated, oldest first. */
  readonly #waiting = new Set<WebSocket>()
  #isTerminating = false

  /** @param clients all open sockets */
  constructor(clients: ReadonlySet<WebSocket>) {
    this.#clients = clients
  }

  /** Lets a new socket wait until it is authenticated. */
  wait(socket: WebSocket): void {
    this.#waiting.add(socket)
    if (this.#waiting.size <= socketLimits.waiting) return
    const [open = [], closing = []] = [true, false].map((isOpen) =>
      [...this.#waiting].filter(({ readyState, OPEN }) => (readyState === OPEN) === isOpen),
    )
    if (closing.length > socketLimits.waiting) closing[0]?.terminate()
    // Clients come back after this code: it may be one of many that reconnect at once.
    if (open[0] && open.length > socketLimits.waiting) {
      closeSocket(open[0], 1013, 'Too many sockets wait for their connection_init; try again later')
    }
  }

  /** It is authenticated, or closed. */
  stopWaiting(socket: WebSocket): void {
    this.#waiting.delete(socket)
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
