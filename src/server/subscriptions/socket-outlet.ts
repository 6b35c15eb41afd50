/**
 * Writes messages that many sockets share to one of them. The messages of one turn of the event loop go out together.
 * Sockets take turns: as it is their number that makes a message to all of them long, other work gets its share in between.
 *
 * The frames are made here, as `ws` takes only whole messages: a large payload is never copied. Small ones are, into one
 * buffer for all messages of a socket, because a buffer in a list costs as much as copying some kilobytes.
 */
import type { Duplex } from 'node:stream'
import type WebSocket from 'ws'
import { type SocketLimits, socketLimits } from '../limits/socket-limits.ts'
import { Payload } from './payload.ts'

/** Unsent bytes from which a socket gets no further payloads until it has sent them. */
export const fullBytes = 512 * 1024
/** Payloads up to this size are copied. */
const smallBytes = 2_048
/** Milliseconds for which sockets are written to before yielding to the event loop. */
const sliceMs = 3

interface Message {
  /** What comes before the payload. */
  start: Buffer
  payload: Payload
}

/** Sockets that have messages to write, in turns. */
const outlets: SocketOutlet[] = []

function writeSome(): void {
  const endsAt = performance.now() + sliceMs
  let written = 0
  for (const outlet of outlets) {
    outlet.flush()
    written += 1
    if (performance.now() >= endsAt) break
  }
  outlets.splice(0, written)
  if (outlets.length > 0) setImmediate(writeSome)
}

export class SocketOutlet {
  readonly #socket: WebSocket
  readonly #connection: Duplex
  readonly #limits: SocketLimits
  readonly #waiting = new Set<() => void>()
  #messages: Message[] = []
  /** Of the messages. */
  #bytes = 0

  /** @param connection of the socket */
  constructor(socket: WebSocket, connection: Duplex, limits: SocketLimits) {
    this.#socket = socket
    this.#limits = limits
    this.#connection = connection
    connection.on('drain', () => {
      const waiting = [...this.#waiting]
      this.#waiting.clear()
      for (const ready of waiting) ready()
    })
  }

  get full(): boolean {
    return this.#connection.writableLength + this.#bytes > fullBytes
  }

  /** Calls `ready` once everything is sent; only when it is full. */
  whenSent(ready: () => void): void {
    this.#waiting.add(ready)
  }

  forget(ready: () => void): void {
    this.#waiting.delete(ready)
  }

  /** Sends one message when it is the socket's turn. @param start what comes before the payload */
  send(start: Buffer, payload: Payload): void {
    if (this.#messages.length === 0 && outlets.push(this) === 1) process.nextTick(writeSome)
    this.#messages.push({ start, payload })
    this.#bytes += start.length + payload.messageEnd.length
    payload.hold()
  }

  /** Writes what waits for the socket's turn. Call it before anything else is written to the socket. */
  flush(): void {
    const messages = this.#messages
    if (messages.length === 0) return
    this.#messages = []
    this.#bytes = 0
    if (this.#socket.readyState !== this.#socket.OPEN) {
      for (const { payload } of messages) payload.sent()
      return
    }
    this.#connection.cork()
    let small: Message[] = []
    for (const message of messages) {
      const { start, payload } = message
      if (payload.messageEnd.length <= smallBytes) {
        small.push(message)
        continue
      }
      this.#writeSmall(small)
      small = []
      this.#connection.write(withFrameHeader(start, start.length + payload.messageEnd.length))
      this.#connection.write(payload.messageEnd, payload.sent)
    }
    this.#writeSmall(small)
    this.#connection.uncork()
    this.#limits.terminateSlowestWhile(() => Payload.unsentBytes > socketLimits.allUnsentBytes)
  }

  #writeSmall(messages: readonly Message[]): void {
    if (messages.length === 0) return
    let length = 0
    for (const { start, payload } of messages) {
      length += maxHeaderBytes + start.length + payload.messageEnd.length
    }
    const frames = Buffer.allocUnsafe(length)
    let end = 0
    for (const { start, payload } of messages) {
      const { messageEnd } = payload
      end = writeFrameHeader(frames, end, start.length + messageEnd.length)
      end += start.copy(frames, end)
      end += messageEnd.copy(frames, end)
      payload.sent()
    }
    Payload.unsentBytes += end
    this.#connection.write(frames.subarray(0, end), () => {
      Payload.unsentBytes -= end
    })
  }
}

const maxHeaderBytes = 10

function withFrameHeader(start: Buffer, length: number): Buffer {
  const framed = Buffer.allocUnsafe(maxHeaderBytes + start.length)
  const header = writeFrameHeader(framed, 0, length)
  return framed.subarray(0, header + start.copy(framed, header))
}

/**
 * Writes the header of an unmasked text frame (RFC 6455, 5.2).
 * @param length of its whole content, in bytes
 * @returns where its content begins
 */
function writeFrameHeader(frame: Buffer, at: number, length: number): number {
  // Text, and final.
  frame[at] = 0x81
  if (length < 126) {
    frame[at + 1] = length
    return at + 2
  }
  if (length < 65_536) {
    frame[at + 1] = 126
    return frame.writeUInt16BE(length, at + 2)
  }
  frame[at + 1] = 127
  return frame.writeBigUInt64BE(BigInt(length), at + 2)
}
