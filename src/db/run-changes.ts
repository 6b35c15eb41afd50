import { channels, type Listener } from './listener.ts'

const pollMs = 2_000

/**
 * Notifies of runs that may have changed. Notifications only wake subscribers: what changed is read from the tables,
 * and a slow poll makes up for lost messages. One instance per process serves all subscribers.
 */
export class RunChanges {
  readonly #subscribers = new Set<(runId: string | null) => void>()
  readonly #stops: (() => void)[]
  readonly #stopped = new AbortController()

  constructor(listener: Listener) {
    const publish = (runId: string | null) => {
      for (const subscriber of this.#subscribers) subscriber(runId)
    }
    const poll = setInterval(publish, pollMs, null)
    this.#stops = [
      () => clearInterval(poll),
      listener.on(
        channels.run,
        (payload) => publish(payload.split(':')[0] ?? ''),
        () => publish(null),
      ),
    ]
  }

  /**
   * Calls `subscriber` with the id of a run that may have changed, or null when any may have. Returns the unsubscribe
   * function.
   */
  on(subscriber: (runId: string | null) => void): () => void {
    this.#subscribers.add(subscriber)
    return () => this.#subscribers.delete(subscriber)
  }

  /** Aborted when there will be no more notifications. */
  get stopped(): AbortSignal {
    return this.#stopped.signal
  }

  /** Idempotent. */
  stop(): void {
    this.#stopped.abort()
    for (const stop of this.#stops) stop()
  }
}
