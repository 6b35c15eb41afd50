import type { FeedPosition } from '../../feed/position.ts'
import type { Payload } from './payload.ts'

/** What comes after a place; without a payload it is the end. */
export interface SharedEvent {
  payload: Payload | null
  /** After the event. */
  position: FeedPosition
  /** When its read began, as of `performance.now()`. */
  readAt: number
}

/** How long an event is kept for subscribers who come to the place before it, in milliseconds. */
export const keptMs = 1_000
const maxBytes = 32 * 1024 * 1024

/** The last events of all channels, so that subscribers who are a little late share them, too. */
export class RecentEvents {
  /** Oldest first. */
  readonly #events = new Map<string, { event: SharedEvent; bytes: number; until: number }>()
  #bytes = 0
  #timer: NodeJS.Timeout | null = null

  /** @param place before the event, unique over all channels */
  get(place: string): SharedEvent | undefined {
    return this.#events.get(place)?.event
  }

  keep(place: string, event: SharedEvent): void {
    this.#forget(place)
    const bytes = event.payload?.messageEnd.length ?? 0
    this.#events.set(place, { event, bytes, until: performance.now() + keptMs })
    this.#bytes += bytes
    for (const oldest of this.#events.keys()) {
      if (this.#bytes <= maxBytes) break
      this.#forget(oldest)
    }
    this.#timer ??= setTimeout(() => this.#expire(), keptMs).unref()
  }

  #forget(place: string): void {
    const kept = this.#events.get(place)
    if (!kept) return
    this.#bytes -= kept.bytes
    this.#events.delete(place)
    kept.event.payload?.forget()
  }

  #expire(): void {
    this.#timer = null
    const now = performance.now()
    for (const [place, { until }] of this.#events) {
      if (until > now) {
        this.#timer = setTimeout(() => this.#expire(), until - now).unref()
        return
      }
      this.#forget(place)
    }
  }
}
