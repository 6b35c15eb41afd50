/**
 * One endpoint as this process sees it: who waits to call it, and everything that may stand in their way. Without
 * limits, pause or overload a permit is given at once and nothing is asked of the database.
 */
import type { Logger } from 'pino'
import type { Database } from '../../db/client.ts'
import type { EndpointSettings } from '../../db/sql/endpoint/load-settings.ts'
import { pauseEndpoint } from '../../db/sql/endpoint/pause-endpoint.ts'
import { AdaptiveConcurrency } from '../../domain/adaptive-concurrency.ts'
import type { Clock } from '../../domain/clock.ts'
import type { EndpointKey } from '../../domain/endpoint.ts'
import { FairQueue } from '../../domain/fair-queue.ts'
import { maxRetryAfterMs } from '../../domain/retry-policy.ts'
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
  /** Calls in flight in this process, and items that wait to begin theirs. */
  inUse: number
  waiting: number
  /** For how much longer nothing is called, in milliseconds; 0: not paused. */
  pausedMs: number
  /** What the endpoint is thought to bear from this process; null when nothing speaks for a limit. */
  adaptiveLimit: number | null
  /** What this process holds of the concurrency limit; null without one. */
  permits: number | null
}

/** After a pause callers do not all begin at once: they wait up to this share of it longer. */
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
  /** When the endpoint said that it may be called again, and when we will. */
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

  /** Runs take turns. Null when the signal aborted first. */
  acquire(runId: string, signal: AbortSignal): Permit | Promise<Permit | null> | null {
    if (signal.aborted) return null
    if (this.#queue.size === 0 && this.#waitMs(1) <= 0) return this.#give()
    return new Promise((resolve) => {
      const answer = (permit: Permit | null) => {
        signal.removeEventListener('abort', onAbort)
        resolve(permit)
      }
      const onAbort = () => {
        this.#queue.remove(runId, answer)
        resolve(null)
        this.#share?.check()
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#queue.push(runId, answer)
      this.#dispatch()
    })
  }

  /** Takes over what the database says; null: no limits, no pause. Nothing is called before the first time. */
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

  /** A process wants permits or gave some back; without `holder`: perhaps. */
  permitsMoved(holder?: string): void {
    if (holder === undefined) this.#share?.refresh()
    else this.#share?.notified(holder)
  }

  /** Turns away who waits and gives everything back. Idempotent. */
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
      this.#queue.shift()?.(this.#give())
    }
    this.#share?.check()
  }

  /** How long until the next call may begin; Infinity: until something else happens. */
  #waitMs(waiting: number): number {
    if (!this.#configured) return Infinity
    const now = this.#options.clock.now()
    if (now < this.#resumeAt) return this.#resumeAt - now
    if (this.#inUse >= this.#adaptive.limit) return Infinity
    if (this.#share && this.#inUse >= this.#share.permits) return Infinity
    return this.#pacer?.waitMs(waiting, this.#inUse) ?? 0
  }

  #give(): Permit {
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
    else if (kind === 'OVERLOADED') this.#holdBack(this.#adaptive.overloaded(end, this.#options.clock.now()))
    if (retryAfterMs !== null && retryAfterMs <= maxRetryAfterMs && this.#pause(retryAfterMs)) {
      void this.#announcements.run()
    }
    if (this.#queue.size > 0) this.#dispatch()
    else this.#share?.check()
  }

  /** Begins no call from this process for about `ms`. */
  #holdBack(ms: number): void {
    const { clock, random } = this.#options
    if (ms > 0) this.#resumeAt = Math.max(this.#resumeAt, clock.now() + ms * (0.5 + random() / 2))
  }

  /** Begins no call for `ms` from now; false when it is paused for as long already. */
  #pause(ms: number): boolean {
    const { clock, random } = this.#options
    const until = clock.now() + ms
    if (ms <= 0 || until <= this.#pausedUntil) return false
    this.#pausedUntil = until
    this.#resumeAt = Math.max(this.#resumeAt, until + random() * Math.min(ms * jitter, maxJitterMs))
    return true
  }

  /** Makes all processes pause for as long as this one does. */
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
