import { channels, type Listener } from './listener.ts'

const pollMs = 2_000

/**
 * Notifies of runs that may have changed. Messages only wake: what changed is read from the tables, and a slow poll makes
 * up for lost messages. One per process serves all that follow runs.
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

  /** Calls back with the id of a run that may have changed, or with null when any may have; returns the way to stop. */
  on(subscriber: (runId: string | null) => void): () => void {
    this.#subscribers.add(subscriber)
    return () => this.#subscribers.delete(subscriber)
  }

  /** Aborted when no more notifications will come. */
  get stopped(): AbortSignal {
    return this.#stopped.signal
  }

  /** Idempotent. */
  stop(): void {
    this.#stopped.abort()
    for (const stop of this.#stops) stop()
  }
}
