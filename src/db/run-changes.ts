import { channels, type Listener } from './listener.ts'

const pollMs = 2_000

/**
 * Tells that runs may have changed. Messages only wake: what changed is asked from the tables, and a slow poll makes up for
 * messages that got lost.
 */
export class RunChanges {
  readonly #told = new Set<(runId: string | null) => void>()
  readonly #stops: (() => void)[]
  readonly #stopped = new AbortController()

  constructor(listener: Listener) {
    const tell = (runId: string | null) => {
      for (const told of this.#told) told(runId)
    }
    const poll = setInterval(tell, pollMs, null)
    this.#stops = [
      () => clearInterval(poll),
      listener.on(
        channels.run,
        (payload) => tell(payload.split(':')[0] ?? ''),
        () => tell(null),
      ),
    ]
  }

  /** Calls `told` with the id of a run that changed, or with null when any may have; returns the way to stop. */
  on(told: (runId: string | null) => void): () => void {
    this.#told.add(told)
    return () => this.#told.delete(told)
  }

  /** Aborted when there will be no more news. */
  get stopped(): AbortSignal {
    return this.#stopped.signal
  }

  /** Idempotent. */
  stop(): void {
    this.#stopped.abort()
    for (const stop of this.#stops) stop()
  }
}
