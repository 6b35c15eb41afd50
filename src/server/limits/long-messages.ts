/**
 * Long messages that are being received. A caller may send so many at once on all its sockets; the others of it are not read
 * until one of these is complete. So what is kept of messages that are never complete is little for each caller.
 */
export const longMessageLimits = {
  /** A message of more bytes is long. */
  bytes: 16 * 1024,
  /** Being received at once, and waiting for that. */
  receiving: 16,
  waiting: 256,
  /** How long any message may take from its beginning, in milliseconds. */
  ms: 30_000,
}

interface OfCaller {
  receiving: number
  /** What to call when it is their turn, in this order. */
  waiting: Set<() => void>
}

export class LongMessages {
  readonly #callers = new Map<string, OfCaller>()

  /**
   * @param start called when it may be received, at once if nothing is before it
   * @returns how it ends, idempotent; null if too many wait already
   */
  begin(caller: string, start: () => void): (() => void) | null {
    const own = this.#callers.get(caller) ?? { receiving: 0, waiting: new Set() }
    this.#callers.set(caller, own)
    let isReceived = false
    const receive = () => {
      own.waiting.delete(receive)
      own.receiving += 1
      isReceived = true
      start()
    }
    if (own.receiving < longMessageLimits.receiving) receive()
    else if (own.waiting.size < longMessageLimits.waiting) own.waiting.add(receive)
    else return null
    return () => {
      own.waiting.delete(receive)
      if (!isReceived) return
      isReceived = false
      own.receiving -= 1
      const [next] = own.waiting
      if (next) next()
      else if (own.receiving === 0) this.#callers.delete(caller)
    }
  }
}
