/** A WebSocket that skips what it gets but the first bytes of each message, and says only how long it was. */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

interface Handlers {
  onOpen: () => void
  onError: (error: Error) => void
  /** As soon as the first bytes have come. @param start the first bytes, as text @param length of the message */
  onMessage: (start: () => string, length: number) => void
}

/** Bytes of a message that are kept. */
const kept = 300
const text = 1
const ping = 9
const pong = 10
const close = 8

export class RawSocket {
  readonly #handlers: Handlers
  readonly #connection: Socket
  #isOpen = false
  /** What could not be read yet: the head of the answer to the upgrade, or of a frame with its first bytes. */
  #head: Buffer = Buffer.alloc(0)
  /** Bytes of the current frame that are still to come. */
  #skip = 0

  constructor(url: string, handlers: Handlers) {
    this.#handlers = handlers
    const { hostname, port, host } = new URL(url)
    this.#connection = connect(Number(port), hostname)
    this.#connection.on('connect', () => {
      const lines = [
        'GET /graphql HTTP/1.1',
        `host: ${host}`,
        'connection: upgrade',
        'upgrade: websocket',
        'sec-websocket-version: 13',
        `sec-websocket-key: ${randomBytes(16).toString('base64')}`,
        'sec-websocket-protocol: graphql-transport-ws',
      ]
      this.#connection.write(`${lines.join('\r\n')}\r\n\r\n`)
    })
    this.#connection.on('error', handlers.onError)
    this.#connection.on('close', () => handlers.onError(new Error('closed')))
    this.#connection.on('data', (chunk: Buffer) => this.#read(chunk))
  }

  send(message: string): void {
    this.#write(text, Buffer.from(message))
  }

  /** Masked, as clients must, with a mask that changes nothing. */
  #write(opcode: number, payload: Buffer): void {
    const { length } = payload
    const head = length < 126 ? Buffer.alloc(6) : Buffer.alloc(8)
    head[0] = 0x80 | opcode
    head[1] = 0x80 | (length < 126 ? length : 126)
    if (length >= 126) head.writeUInt16BE(length, 2)
    this.#connection.write(Buffer.concat([head, payload]))
  }

  #read(chunk: Buffer): void {
    if (this.#skip >= chunk.length) {
      this.#skip -= chunk.length
      return
    }
    let rest = chunk.subarray(this.#skip)
    this.#skip = 0
    if (this.#head.length > 0) rest = Buffer.concat([this.#head, rest])
    let at = 0
    while (at < rest.length) {
      const taken = this.#isOpen ? this.#frame(rest, at) : this.#upgraded(rest, at)
      if (taken === null) break
      at += taken
    }
    if (at > rest.length) {
      this.#skip = at - rest.length
      this.#head = Buffer.alloc(0)
    } else this.#head = Buffer.from(rest.subarray(at))
  }

  /** @returns the bytes of the answer to the upgrade; null: not all are there */
  #upgraded(bytes: Buffer, at: number): number | null {
    const end = bytes.indexOf('\r\n\r\n', at)
    if (end < 0) return null
    if (!bytes.toString('latin1', at, at + 12).endsWith('101')) this.#handlers.onError(new Error('not upgraded'))
    this.#isOpen = true
    this.#handlers.onOpen()
    return end + 4 - at
  }

  /** @returns the bytes of the frame, also of those that are still to come; null: its first are not all there */
  #frame(bytes: Buffer, at: number): number | null {
    const short = (bytes[at + 1] ?? 0) & 127
    const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10
    if (bytes.length < at + headBytes) return null
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    const start = at + headBytes
    if (bytes.length < start + Math.min(length, kept)) return null
    const opcode = (bytes[at] ?? 0) & 15
    if (opcode === text) {
      this.#handlers.onMessage(() => bytes.toString('latin1', start, start + Math.min(length, kept)), length)
    } else if (opcode === ping) this.#write(pong, Buffer.from(bytes.subarray(start, start + length)))
    else if (opcode === close) this.#handlers.onError(new Error('closed by the server'))
    return headBytes + length
  }
}
