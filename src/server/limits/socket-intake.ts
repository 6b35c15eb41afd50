import type { Socket } from 'node:net'
import type WebSocket from 'ws'
import { closeSocket, terminateLater } from './close-socket.ts'
import { longMessageLimits } from './long-messages.ts'
import { type SocketLimits, socketLimits } from './socket-limits.ts'

/** What is read of a socket after it is closed, in bytes: its client may have sent more before its answer. */
const lastBytes = 64 * 1024
/** Of the header of a masked ping or pong, in bytes. */
const controlHeaderBytes = 6

type Pause = 'connection_init' | 'rate' | 'long message'

/**
 * What is read of a socket. It is paused while its `connection_init` is being accepted, and while its caller sends too fast
 * or too many long messages at once. It is closed when too much comes before `connection_init`, or a message takes too long.
 */
export class SocketIntake {
  readonly #socket: WebSocket
  readonly #limits: SocketLimits
  readonly #pauses = new Set<Pause>()
  #isInitialising = false
  #caller: string | null = null
  /** Counts a message; for how long to read no more, in milliseconds. */
  #pauseOf = () => 0
  #rested: NodeJS.Timeout | undefined
  #receivedBytes = 0
  #messages = 0
  /** Since the last message; of one that begins in the same bytes as that ends, only what comes after these. */
  #unfinishedBytes = 0
  /** Runs while there are any. */
  #late: NodeJS.Timeout | undefined
  /** Since it is closed. */
  #lastBytes = 0
  /** Ends the long message that is being received, or waits for that. */
  #endLong: (() => void) | null = null

  constructor(socket: WebSocket, connection: Socket, limits: SocketLimits) {
    this.#socket = socket
    this.#limits = limits
    limits.wait(socket)
    // Before messages are read from it.
    connection.prependListener('data', ({ length }: Buffer) => {
      this.#receivedBytes += length
      if (this.#caller !== null && socket.readyState === socket.OPEN) this.#addUnfinished(length)
    })
    // After them.
    connection.on('data', ({ length }: Buffer) => {
      if (socket.readyState === socket.OPEN) this.#check()
      else this.#drop(length)
    })
    socket.on('message', () => this.#finish())
    for (const event of ['ping', 'pong'] as const) {
      // They may come within a message.
      socket.on(event, ({ length }: Buffer) => {
        this.#addUnfinished(-Math.min(length + controlHeaderBytes, this.#unfinishedBytes))
      })
    }
    for (const event of ['message', 'ping', 'pong'] as const) {
      socket.on(event, ({ length }: Buffer) => this.#count(length))
    }
    // A violation of the protocol: `ws` has dropped the message, and would read and drop what comes for half a minute.
    socket.on('error', () => {
      this.#finish()
      terminateLater(socket)
    })
    socket.once('close', () => {
      limits.stopWaiting(socket)
      clearTimeout(this.#rested)
      this.#finish()
    })
  }

  /** Call when its `connection_init` has come. */
  initialising(): void {
    this.#isInitialising = true
    this.#pause('connection_init')
  }

  /** Call when that is accepted. @param pauseOf counts a message; for how long to read no more, in milliseconds */
  accepted(caller: string, pauseOf: () => number): void {
    this.#caller = caller
    this.#pauseOf = pauseOf
    this.#limits.stopWaiting(this.#socket)
    this.#resume('connection_init')
  }

  #pause(reason: Pause): void {
    this.#pauses.add(reason)
    this.#socket.pause()
  }

  #resume(reason: Pause): void {
    this.#pauses.delete(reason)
    if (this.#pauses.size === 0 && this.#socket.readyState === this.#socket.OPEN) this.#socket.resume()
  }

  #check(): void {
    if (this.#caller === null) {
      if (!this.#isInitialising && this.#receivedBytes > socketLimits.waitingBytes) this.#closeBeforeInit()
      return
    }
    if (this.#unfinishedBytes === 0) return
    this.#late ??= setTimeout(() => this.#closeLate(), longMessageLimits.ms)
    if (this.#unfinishedBytes <= longMessageLimits.bytes || this.#endLong) return
    if (this.#limits.unfinishedBytes <= socketLimits.allUnfinishedBytes) {
      this.#pause('long message')
      this.#endLong = this.#limits.longMessages.begin(this.#caller, () => this.#resume('long message'))
    }
    if (!this.#endLong) this.#closeForNow()
  }

  #count(bytes: number): void {
    this.#messages += 1
    if (this.#caller === null) {
      if (!this.#isInitialising && bytes > socketLimits.waitingBytes) this.#closeBeforeInit()
      if (this.#messages > socketLimits.waitingMessages) {
        closeSocket(this.#socket, 4429, `Expected connection_init within ${socketLimits.waitingMessages} messages`)
      }
      return
    }
    const pauseMs = this.#pauseOf()
    if (pauseMs === 0) return
    this.#pause('rate')
    clearTimeout(this.#rested)
    this.#rested = setTimeout(() => this.#resume('rate'), pauseMs)
  }

  #closeBeforeInit(): void {
    closeSocket(this.#socket, 1009, `Expected connection_init within ${socketLimits.waitingBytes} bytes`)
  }

  #closeLate(): void {
    // It was not let.
    if (this.#pauses.has('long message')) this.#closeForNow()
    closeSocket(this.#socket, 1008, `Expected the whole message within ${longMessageLimits.ms / 1_000} s`)
    this.#finish()
  }

  /** With the code after which clients come back. */
  #closeForNow(): void {
    closeSocket(this.#socket, 1013, 'Too many incomplete messages; try again later')
    this.#finish()
  }

  /** What comes after it is closed. */
  #drop(bytes: number): void {
    if (this.#lastBytes === 0) {
      this.#finish()
      terminateLater(this.#socket)
    }
    this.#lastBytes += bytes
    if (this.#lastBytes > lastBytes) this.#socket.pause()
  }

  #addUnfinished(bytes: number): void {
    this.#unfinishedBytes += bytes
    this.#limits.unfinishedBytes += bytes
    if (this.#unfinishedBytes > 0) return
    clearTimeout(this.#late)
    this.#late = undefined
  }

  #finish(): void {
    this.#addUnfinished(-this.#unfinishedBytes)
    this.#endLong?.()
    this.#endLong = null
  }
}
