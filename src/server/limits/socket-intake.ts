import type { Socket } from 'node:net'
import type WebSocket from 'ws'
import { closeSocket, terminateLater } from './close-socket.ts'
import { longMessageLimits } from './long-messages.ts'
import { type SocketLimits, socketLimits } from './socket-limits.ts'

/** What is read of a socket after it is closed, in bytes: its client may have sent more before its answer. */
const lastBytes = 64 * 1024
/** Of the header of a masked ping or pong, in bytes. */
const controlHeaderBytes = 6

/**
 * What is read of a socket. It is paused while its `connection_init` is being accepted, and while its caller sends too fast
 * or too many long messages at once; it is closed when its client sends too much before.
 */
export class SocketIntake {
  readonly #socket: WebSocket
  readonly #limits: SocketLimits
  readonly #pauses = new Set<'connection_init' | 'rate' | 'long message'>()
  #isInitialising = false
  #caller: string | null = null
  /** Counts a message; for how long to read no more, in milliseconds. */
  #pauseOf = () => 0
  #rested: NodeJS.Timeout | undefined
  #receivedBytes = 0
  #messages = 0
  /** Since the last message. */
  #unfinishedBytes = 0
  /** Since it is closed. */
  #lastBytes = 0
  /** Ends the long message that is being received. */
  #endLong: (() => void) | null = null

  constructor(socket: WebSocket, connection: Socket, limits: SocketLimits) {
    this.#socket = socket
    this.#limits = limits
    limits.wait(socket)
    // Before messages are read from it.
    connection.prependListener('data', ({ length }: Buffer) => {
      this.#receivedBytes += length
      if (socket.readyState === socket.OPEN) this.#addUnfinished(length)
    })
    // After them.
    connection.on('data', ({ length }: Buffer) => {
      if (socket.readyState === socket.OPEN) return this.#check()
      this.#lastBytes += length
      if (this.#lastBytes > lastBytes) socket.pause()
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

  #pause(reason: 'connection_init' | 'rate' | 'long message'): void {
    this.#pauses.add(reason)
    this.#socket.pause()
  }

  #resume(reason: 'connection_init' | 'rate' | 'long message'): void {
    this.#pauses.delete(reason)
    if (this.#pauses.size === 0 && this.#socket.readyState === this.#socket.OPEN) this.#socket.resume()
  }

  #check(): void {
    if (!this.#isInitialising && this.#receivedBytes > socketLimits.waitingBytes) this.#closeBeforeInit()
    if (this.#caller === null || this.#unfinishedBytes <= longMessageLimits.bytes || this.#endLong) return
    if (this.#limits.unfinishedBytes > socketLimits.allUnfinishedBytes) {
      closeSocket(this.#socket, 1013, 'Too many incomplete messages; try again later')
    } else this.#beginLong(this.#caller)
  }

  #beginLong(caller: string): void {
    let late: NodeJS.Timeout | undefined
    this.#pause('long message')
    const end = this.#limits.longMessages.begin(caller, () => {
      late = setTimeout(() => {
        closeSocket(this.#socket, 1008, `Expected a message within ${longMessageLimits.ms / 1_000} s`)
        this.#endLong?.()
      }, longMessageLimits.ms)
      this.#resume('long message')
    })
    if (end) {
      this.#endLong = () => {
        clearTimeout(late)
        end()
      }
    } else closeSocket(this.#socket, 4429, 'Too many incomplete messages of one caller')
  }

  #count(bytes: number): void {
    this.#messages += 1
    if (this.#caller === null) {
      if (bytes > socketLimits.waitingBytes) this.#closeBeforeInit()
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

  #addUnfinished(bytes: number): void {
    this.#unfinishedBytes += bytes
    this.#limits.unfinishedBytes += bytes
  }

  #finish(): void {
    this.#addUnfinished(-this.#unfinishedBytes)
    this.#endLong?.()
    this.#endLong = null
  }
}
