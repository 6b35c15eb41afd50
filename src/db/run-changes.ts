import type { Queryable } from './client.ts'
import { channels, type Listener } from './listener.ts'
import { loadRunStates } from './sql/run/load-run-states.ts'

const defaultPollMs = 2_000

interface Subscriber {
  notify: (runId: string | null) => void
  runs: (() => Iterable<string>) | null
}

/**
 * Notifies of runs that may have changed. Notifications only wake subscribers: what changed is read from the tables,
 * and a slow poll makes up for lost messages: one statement for all runs that subscribers follow, however many they are.
 * One instance per process serves all subscribers.
 */
export class RunChanges {
  readonly #db: Queryable
  readonly #subscribers = new Set<Subscriber>()
  readonly #stops: (() => void)[]
  readonly #stopped = new AbortController()
  /** Of the followed runs, as of the last poll. */
  #states = new Map<string, string | undefined>()
  #epoch: string | null = null
  #isPolling = false

  constructor(listener: Listener, db: Queryable, pollMs = defaultPollMs) {
    this.#db = db
    const publish = (runId: string | null) => {
      for (const { notify } of this.#subscribers) notify(runId)
    }
    const poll = setInterval(() => void this.#poll(), pollMs)
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
   * Calls `notify` with the id of a run that may have changed, or null when any may have. Returns the unsubscribe
   * function.
   * @param runs those that it follows, of which the poll notifies when they have changed; default: it polls, too
   */
  on(notify: (runId: string | null) => void, runs: (() => Iterable<string>) | null = null): () => void {
    const subscriber = { notify, runs }
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

  async #poll(): Promise<void> {
    for (const { notify, runs } of this.#subscribers) if (!runs) notify(null)
    const followed = new Set([...this.#subscribers].flatMap(({ runs }) => [...(runs?.() ?? [])]))
    if (followed.size === 0 || this.#isPolling) return
    this.#isPolling = true
    try {
      const { epoch, states } = await loadRunStates(this.#db, [...followed])
      const before = this.#epoch === epoch ? this.#states : new Map<string, string>()
      this.#epoch = epoch
      this.#states = new Map([...followed].map((id) => [id, states.get(id)]))
      for (const [id, state] of this.#states) {
        // Of a run that has just been followed, something may be lost already.
        if (before.has(id) && before.get(id) === state) continue
        for (const { notify, runs } of this.#subscribers) if (runs) notify(id)
      }
    } catch {
      // The next poll makes up for this one.
    } finally {
      this.#isPolling = false
    }
  }
}
