import type { ExecutionResult } from 'graphql'
import { formatResult } from '../mask-errors.ts'

const closingBrace = 0x7d

/**
 * A result of a subscription, serialised once for all its subscribers. Its bytes are given back once nobody needs them any
 * more: those of the last second have survived young collections, and would wait for one of the old generation.
 */
export class Payload {
  /** Of all payloads that a socket has yet to send, each counted once however many sockets that are. */
  static unsentBytes = 0

  /** A message of graphql-transport-ws from its payload on; before it comes what differs by subscriber. */
  readonly messageEnd: Buffer<ArrayBuffer>
  /** Whether it has errors. */
  readonly failed: boolean
  #text: string | null = null
  #unsentTo = 0
  #isForgotten = false

  constructor(result: ExecutionResult) {
    this.failed = result.errors !== undefined
    const text = JSON.stringify(formatResult(result))
    // The text itself is not kept: sockets need none.
    this.messageEnd = Buffer.allocUnsafeSlow(Buffer.byteLength(text) + 1)
    this.messageEnd.write(text)
    this.messageEnd[this.messageEnd.length - 1] = closingBrace
  }

  /** As JSON. */
  get text(): string {
    this.#text ??= this.messageEnd.toString('utf8', 0, this.messageEnd.length - 1)
    return this.#text
  }

  /** Call it before its message is written to a socket, and `sent` afterwards. */
  hold(): void {
    this.#unsentTo += 1
    if (this.#unsentTo === 1) Payload.unsentBytes += this.messageEnd.length
  }

  readonly sent = (): void => {
    this.#unsentTo -= 1
    if (this.#unsentTo > 0) return
    Payload.unsentBytes -= this.messageEnd.length
    this.#giveBack()
  }

  /** Call it when nobody else will get it. */
  forget(): void {
    this.#isForgotten = true
    this.#giveBack()
  }

  #giveBack(): void {
    if (this.#isForgotten && this.#unsentTo === 0) this.messageEnd.buffer.transfer(0)
  }
}

/** The start of a message whose end is that of a payload. @param id of the subscription */
export function messageStart(id: string): Buffer {
  return Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`)
}
