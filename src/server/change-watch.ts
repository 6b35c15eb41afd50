/**
 * Tells whether what was read about a caller and about finished runs still counts, so that it need not be read again. It
 * does for a second at most, and only as long as nothing was heard that may have changed it: no notification from the
 * database, no pause in hearing them, and no write of this server. A write counts from its beginning until it is done, and
 * nothing that was read before its end counts after it, so that whoever has the response sees what it did.
 */
import { channels, type Listener } from '../db/listener.ts'
import { type Clock, systemClock } from '../domain/clock.ts'

/** How long something that was read counts at most, in milliseconds: as notifications may be lost. */
export const maxAgeMs = 1_000
/** Of which it is known when they changed last. */
const maxRuns = 10_000

/** When something was read: taken before the statement is sent, so that what changes meanwhile is a change after it. */
export interface Moment {
  at: number
  /** The changes that had been heard of until then. */
  heard: number
}

export class ChangeWatch {
  readonly #listener: Listener
  readonly #clock: Clock
  readonly #stops: (() => void)[]
  #heard = 0
  /** The last change that may be one of anything. */
  #ofAnything = 0
  /** The last change of each run, as far as one was heard of. */
  readonly #ofRuns = new Map<string, number>()
  #writes = 0

  constructor(listener: Listener, clock: Clock = systemClock) {
    this.#listener = listener
    this.#clock = clock
    const changed = () => this.#changed()
    this.#stops = [
      listener.on(channels.run, (payload) => this.#runChanged(payload.split(':')[0] ?? ''), changed),
      listener.on(channels.dataset, changed),
      listener.on(channels.key, changed),
    ]
  }

  moment(): Moment {
    return { at: this.#clock.now(), heard: this.#heard }
  }

  /** Whether nothing is known to have changed since then: of callers, of datasets and experiments, and of these runs. */
  isUnchanged({ at, heard }: Moment, runIds: readonly string[]): boolean {
    return (
      heard >= this.#ofAnything &&
      this.#writes === 0 &&
      this.#listener.isConnected &&
      this.#clock.now() - at <= maxAgeMs &&
      runIds.every((id) => (this.#ofRuns.get(id) ?? 0) <= heard)
    )
  }

  /** Makes a write of this server, during which nothing counts. */
  async during<T>(write: () => Promise<T>): Promise<T> {
    this.#writes += 1
    try {
      return await write()
    } finally {
      this.#writes -= 1
      this.#changed()
    }
  }

  /** Idempotent. */
  stop(): void {
    for (const stop of this.#stops) stop()
  }

  #changed(): void {
    this.#heard += 1
    this.#ofAnything = this.#heard
    this.#ofRuns.clear()
  }

  #runChanged(id: string): void {
    this.#heard += 1
    this.#ofRuns.set(id, this.#heard)
    if (this.#ofRuns.size > maxRuns) this.#changed()
  }
}
