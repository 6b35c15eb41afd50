/**
 * Limits this process's calls of endpoints, so that all processes together stay within the limits. Per endpoint it
 * keeps the configured limits (concurrency, requests and tokens per minute), a pause that the endpoint requested, and a
 * concurrency that adapts to what the endpoint can take. An endpoint without limits costs no statements.
 */
import type { Logger } from 'pino'
import type { Database } from '../../db/client.ts'
import { channels, type Listener } from '../../db/listener.ts'
import { loadEndpointSettings } from '../../db/sql/endpoint/load-settings.ts'
import { type Clock, systemClock } from '../../domain/clock.ts'
import { allEndpoints, type EndpointKey } from '../../domain/limits/endpoint.ts'
import { SingleFlight } from '../../domain/single-flight.ts'
import { Endpoint, type EndpointState } from './endpoint.ts'
import type { Permit } from './permit.ts'

interface EndpointLimitsOptions {
  db: Database
  listener: Listener
  log: Logger
  /** Default: the system's. */
  clock?: Clock
  /** Uniform in [0, 1); default Math.random. */
  random?: () => number
}

/** In case a NOTIFY was lost. */
const pollMs = 5_000
const retryMs = 500

export class EndpointLimits {
  readonly #options: Required<EndpointLimitsOptions>
  readonly #endpoints = new Map<string, Endpoint>()
  readonly #stops: (() => void)[] = []
  readonly #loads = new SingleFlight(() => this.#load())
  #cancelPoll = () => {}
  #loaded = false
  #stopping: Promise<void> | null = null

  constructor(options: EndpointLimitsOptions) {
    this.#options = { clock: systemClock, random: Math.random, ...options }
  }

  /** No permits are granted until the limits are loaded. */
  start(): this {
    const { listener } = this.#options
    const load = () => void this.#loads.run()
    const missed = () => {
      for (const endpoint of this.#endpoints.values()) endpoint.permitsChanged()
    }
    this.#stops.push(
      listener.on(channels.endpoint, load, load),
      listener.on(channels.permit, (payload) => this.#permitsChanged(payload), missed),
    )
    load()
    return this
  }

  /**
   * Waits for the right to make one call. Calls of a run are served in order, and runs take turns. A waiting call
   * delays no call of another endpoint; where the project has a quota of calls, the endpoint's right comes first, so that
   * nobody holds one of the project's while it waits for an endpoint. Null when `signal` aborts first.
   */
  acquire(call: EndpointKey & { runId: string }, signal: AbortSignal): Permit | Promise<Permit | null> | null {
    const permit = this.#endpoint(call).acquire(call.runId, signal)
    if (permit === null) return null
    if ('then' in permit) return permit.then((granted) => granted && this.#withinQuota(call, granted, signal))
    return this.#withinQuota(call, permit, signal)
  }

  #withinQuota(
    { projectId, runId }: EndpointKey & { runId: string },
    permit: Permit,
    signal: AbortSignal,
  ): Permit | Promise<Permit | null> | null {
    const quota = this.#endpoints.get(`${projectId} ${allEndpoints}`)
    if (!quota) return permit
    const both = (right: Permit | null): Permit | null => {
      if (right) return together(permit, right)
      permit.release()
      return null
    }
    const right = quota.acquire(runId, signal)
    return right && 'then' in right ? right.then(both) : both(right)
  }

  /** The state of every endpoint that has been called or limited since the process started. */
  states(): EndpointState[] {
    return [...this.#endpoints.values()].map((endpoint) => endpoint.state)
  }

  /** Releases all permits; waiting calls get null. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    for (const stop of this.#stops) stop()
    await this.#loads.settled()
    this.#cancelPoll()
    await Promise.all([...this.#endpoints.values()].map((endpoint) => endpoint.stop()))
  }

  #endpoint({ projectId, endpoint }: EndpointKey): Endpoint {
    const id = `${projectId} ${endpoint}`
    const found = this.#endpoints.get(id)
    if (found) return found
    const { db, log, clock, random } = this.#options
    const created = new Endpoint({ db, log, clock, random, key: { projectId, endpoint } })
    // The first load created all endpoints with limits, so this one has none.
    if (this.#loaded) created.configure(null)
    this.#endpoints.set(id, created)
    return created
  }

  #permitsChanged(payload: string): void {
    const [, holder, id] = /^(\S+) (.*)$/s.exec(payload) ?? []
    if (id !== undefined) this.#endpoints.get(id)?.permitsChanged(holder)
  }

  async #load(): Promise<void> {
    this.#cancelPoll()
    let nextMs = pollMs
    try {
      const rows = await loadEndpointSettings(this.#options.db.pool)
      const settings = new Map(rows.map((row) => [this.#endpoint(row), row]))
      this.#loaded = true
      for (const endpoint of this.#endpoints.values()) endpoint.configure(settings.get(endpoint) ?? null)
    } catch (error) {
      nextMs = retryMs
      this.#options.log.warn({ err: error }, 'limits: could not load the limits')
    }
    this.#cancelPoll = this.#options.clock.after(nextMs, () => void this.#loads.run())
  }
}

/** The right of an endpoint and that of its project, of which only the endpoint learns how the call ended. */
function together(permit: Permit, right: Permit): Permit {
  return {
    isValid: () => permit.isValid() && right.isValid(),
    release: (outcome) => {
      permit.release(outcome)
      right.release()
    },
  }
}
