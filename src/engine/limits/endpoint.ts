/**
 * One endpoint in this process: its waiting calls, and everything that can delay them. Without limits, pause or
 * overload a permit is granted at once and costs no statement.
 */
import type { Logger } from 'pino'
import type { Database } from '../../db/client.ts'
import type { EndpointSettings } from '../../db/sql/endpoint/load-settings.ts'
import { pauseEndpoint } from '../../db/sql/endpoint/pause-endpoint.ts'
import type { Clock } from '../../domain/clock.ts'
import { maxRetryAfterMs } from '../../domain/execution/retry-policy.ts'
import { AdaptiveConcurrency } from '../../domain/limits/adaptive-concurrency.ts'
import type { EndpointKey } from '../../domain/limits/endpoint.ts'
import { FairQueue } from '../../domain/limits/fair-queue.ts'
import { onAbort } from '../../domain/listeners.ts'
import { SingleFlight } from '../../domain/single-flight.ts'
import { Pacer } from './pacer.ts'
import { type CallOutcome, type Permit, unused } from './permit.ts'
import { PermitShare } from './permit-share.ts'

interface EndpointOptions {
  db: Database
  key: EndpointKey
  log: Logger
  clock: Clock
  /** Uniform in [0, 1). */
  random: () => number
}

/** For metrics. */
export interface EndpointState extends EndpointKey {
  /** Calls in flight in this process, and calls that wait. */
  inUse: number
  waiting: number
  /** The rest of the pause, in milliseconds; 0 when not paused. */
  pausedMs: number
  /** The adaptive concurrency limit of this process; null while the endpoint has shown no overload. */
  adaptiveLimit: number | null
  /** This process's permits of the concurrency limit; null without such a limit. */
  permits: number | null
}

/** Spreads the calls after a pause: each process waits up to this fraction of the pause longer. */
const jitter = 0.1
const maxJitterMs = 500

export class Endpoint {
  readonly #options: EndpointOptions
  readonly #queue = new FairQueue<(permit: Permit | null) => void>()
  readonly #adaptive = new AdaptiveConcurrency()
  readonly #announcements = new SingleFlight(() => this.#announcePause())
  #configured = false
  #share: PermitShare | null = null
  #pacer: Pacer | null = null
  #inUse = 0
  /** When the requested pause ends, and when this process resumes. */
  #pausedUntil = -Infinity
  #resumeAt = -Infinity
  #cancelTimer = () => {}

  constructor(options: EndpointOptions) {
    this.#options = options
  }

  get state(): EndpointState {
    const { key, clock } = this.#options
    const { limit } = this.#adaptive
    return {
      ...key,
      inUse: this.#inUse,
      waiting: this.#queue.size,
      pausedMs: Math.max(0, this.#resumeAt - clock.now()),
      adaptiveLimit: limit === Infinity ? null : limit,
      permits: this.#share?.permits ?? null,
    }
  }

  /** Runs take turns. Null when the signal aborts first. */
  acquire(runId: string, signal: AbortSignal): Permit | Promise<Permit | null> | null {
    if (signal.aborted) return null
    if (this.#queue.size === 0 && this.#waitMs(1) <= 0) return this.#grant()
    return new Promise((resolve) => {
      const answer = (permit: Permit | null) => {
        ignoreAbort()
        resolve(permit)
      }
      const ignoreAbort = onAbort(signal, () => {
        this.#queue.remove(runId, answer)
        resolve(null)
        this.#share?.check()
      })
      this.#queue.push(runId, answer)
      this.#dispatch()
    })
  }

  /** Applies settings from the database; null: no limits and no pause. No call starts before the first time. */
  configure(settings: EndpointSettings | null): void {
    const { concurrency = null, requestsPerMinute = null, tokensPerMinute = null, pausedMs = 0 } = settings ?? {}
    this.#configured = true
    this.#pause(pausedMs)

    if (concurrency === null) {
      void this.#share?.stop()
      this.#share = null
    } else if (this.#share) {
      this.#share.configure(concurrency)
    } else {
      const demand = () => ({
        inUse: this.#inUse,
        wanted: Math.min(this.#inUse + this.#queue.size, Math.max(this.#inUse, this.#adaptive.limit)),
      })
      const onChange = () => this.#dispatch()
      this.#share = new PermitShare({ ...this.#options, demand, onChange }, concurrency)
    }

    const rates = { requestsPerMinute, tokensPerMinute }
    if (requestsPerMinute === null && tokensPerMinute === null) {
      void this.#pacer?.stop()
      this.#pacer = null
    } else if (this.#pacer) this.#pacer.rates = rates
    else this.#pacer = new Pacer({ ...this.#options, onChange: () => this.#dispatch() }, rates)

    this.#dispatch()
  }

  /** A process requests permits or has released some. Without `holder`: notifications may have been lost. */
  permitsChanged(holder?: string): void {
    if (holder === undefined) this.#share?.refresh()
    else this.#share?.notified(holder)
  }

  /** Waiting calls get null, and all permits are released. Idempotent. */
  async stop(): Promise<void> {
    this.#cancelTimer()
    for (let answer = this.#queue.shift(); answer; answer = this.#queue.shift()) answer(null)
    await Promise.all([this.#share?.stop(), this.#pacer?.stop()])
  }

  #dispatch(): void {
    this.#cancelTimer()
    while (this.#queue.size > 0) {
      const waitMs = this.#waitMs(this.#queue.size)
      if (waitMs > 0) {
        if (waitMs < Infinity) this.#cancelTimer = this.#options.clock.after(waitMs, () => this.#dispatch())
        break
      }
      this.#queue.shift()?.(this.#grant())
    }
    this.#share?.check()
  }

  /** Milliseconds until the next call may start; Infinity: not before another event. */
  #waitMs(waiting: number): number {
    if (!this.#configured) return Infinity
    const now = this.#options.clock.now()
    if (now < this.#resumeAt) return this.#resumeAt - now
    if (this.#inUse >= this.#adaptive.limit) return Infinity
    if (this.#share && this.#inUse >= this.#share.permits) return Infinity
    return this.#pacer?.waitMs(waiting, this.#inUse) ?? 0
  }

  #grant(): Permit {
    const { clock } = this.#options
    const startedAt = clock.now()
    const slot = this.#pacer?.take()
    this.#inUse += 1
    let released = false
    return {
      isValid: () => {
        const at = clock.now()
        return at >= this.#resumeAt && at < (slot?.until ?? Infinity) && (this.#share?.covers(this.#inUse) ?? true)
      },
      release: (outcome = unused) => {
        if (released) return
        released = true
        this.#pacer?.settle(slot, outcome.tokens)
        this.#ended(outcome, startedAt)
      },
    }
  }

  #ended({ kind, retryAfterMs }: CallOutcome, startedAt: number): void {
    const end = { startedAt, inFlight: this.#inUse }
    this.#inUse -= 1
    if (kind === 'OK') this.#adaptive.succeeded(end)
    else if (kind === 'OVERLOADED') {
      const waitMs = this.#adaptive.overloaded(end, this.#options.clock.now())
      // An endpoint that says how long to wait need not be guessed at.
      if (retryAfterMs === null) this.#holdBack(waitMs)
    }
    if (retryAfterMs !== null && retryAfterMs <= maxRetryAfterMs && this.#pause(retryAfterMs)) {
      void this.#announcements.run()
    }
    if (this.#queue.size > 0) this.#dispatch()
    else this.#share?.check()
  }

  /** Starts no call from this process for about `ms`. */
  #holdBack(ms: number): void {
    const { clock, random } = this.#options
    if (ms > 0) this.#resumeAt = Math.max(this.#resumeAt, clock.now() + ms * (0.5 + random() / 2))
  }

  /** Starts no call for `ms` from now; false when it is already paused for as long. */
  #pause(ms: number): boolean {
    const { clock, random } = this.#options
    const until = clock.now() + ms
    if (ms <= 0 || until <= this.#pausedUntil) return false
    this.#pausedUntil = until
    this.#resumeAt = Math.max(this.#resumeAt, until + random() * Math.min(ms * jitter, maxJitterMs))
    return true
  }

  /** Makes all processes pause for as long as this one. */
  async #announcePause(): Promise<void> {
    const { db, key, log, clock } = this.#options
    const ms = this.#pausedUntil - clock.now()
    if (ms <= 0) return
    try {
      await pauseEndpoint(db.pool, key, ms)
    } catch (error) {
      log.warn({ err: error, endpoint: key.endpoint }, 'limits: could not announce a pause to other processes')
    }
  }
}
