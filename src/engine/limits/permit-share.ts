/**
 * One process's share of an endpoint's concurrency limit.
 *
 * A row of the database grants permits until it expires, unless it is renewed; the rows of all processes never exceed
 * the limit. A process keeps its permits while it has calls for them, so a call costs no statement, and releases those
 * beyond its fair share (fair-shares.ts) as its calls end. A process that cannot renew stops starting calls before its
 * row expires; calls in flight finish.
 */
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { type Database, transaction } from '../../db/client.ts'
import { channels, notify } from '../../db/listener.ts'
import { readGrants, removeExpiredGrants, writeGrant } from '../../db/sql/endpoint/grants.ts'
import { lockEndpoint } from '../../db/sql/endpoint/lock-endpoint.ts'
import type { Clock } from '../../domain/clock.ts'
import type { EndpointKey } from '../../domain/limits/endpoint.ts'
import { fairShares } from '../../domain/limits/fair-shares.ts'
import { SingleFlight } from '../../domain/single-flight.ts'

/** Calls in flight, and how many there would be with enough permits. */
interface Demand {
  inUse: number
  wanted: number
}

interface PermitShareOptions {
  db: Database
  key: EndpointKey
  log: Logger
  clock: Clock
  demand: () => Demand
  /** Called when there may be more permits. */
  onChange: () => void
}

const leaseMs = 10_000
/** Permits are no longer used this long before their row expires. */
const marginMs = 1_000
const renewMs = 3_000
/** While others wait: turns change with time, and a notification may be lost. */
const renewContendedMs = 1_000
/** How often the permits that cannot be divided evenly change hands. */
const turnMs = 2_000
/** How long unused permits are kept: another call may follow. */
const idleMs = 200
const idleContendedMs = 20
const retryMs = 500

export class PermitShare {
  readonly #options: PermitShareOptions
  /** Not an id of the process: a leftover row of its former share must not be taken for this one's. */
  readonly #holder = randomUUID()
  readonly #exchanges = new SingleFlight(() => this.#exchange())
  #permits = 0
  #validUntil = -Infinity
  /** As of the last exchange: the fair share, the declared demand, the limit, whether the total demand exceeds it. */
  #share = 0
  #declared = 0
  #limit: number
  #contended = false
  #renewAt = Infinity
  #notBefore = -Infinity
  /** Since when the demand is below the declared one. */
  #idleSince: number | null = null
  #cancelTimer = () => {}
  #stopped = false

  constructor(options: PermitShareOptions, limit: number) {
    this.#options = options
    this.#limit = limit
  }

  /**
   * How many calls may be in flight. Permits beyond the fair share do not count: other processes are waiting for them.
   */
  get permits(): number {
    return this.covers(0) ? Math.min(this.#permits, this.#share) : 0
  }

  /** Whether the permits held cover this many calls in flight. */
  covers(inUse: number): boolean {
    return inUse <= this.#permits && this.#options.clock.now() < this.#validUntil
  }

  /** Applies the current limit. */
  configure(limit: number): void {
    if (limit === this.#limit) return
    this.#limit = limit
    this.refresh()
  }

  /** `holder` has released permits or requests some. */
  notified(holder: string): void {
    if (holder !== this.#holder) this.refresh()
  }

  /** Exchanges permits with the database, if this process has or wants any. */
  refresh(): void {
    if (this.#exchanges.busy || this.#claim().wanted > 0 || this.#declared > 0) this.#balance()
  }

  /** To be called whenever the demand changes. Queries the database only if a permit would change its holder. */
  check(): void {
    if (this.#stopped || this.#exchanges.busy) return
    const now = this.#options.clock.now()
    const { inUse, wanted } = this.#claim()
    if (wanted >= this.#declared) this.#idleSince = null
    else this.#idleSince ??= now

    const idleAt = (this.#idleSince ?? Infinity) + (this.#contended ? idleContendedMs : idleMs)
    const others = this.#permits > Math.max(inUse, this.#share)
    const dueAt = wanted > this.#declared || others ? now : Math.min(idleAt, this.#renewAt)
    const waitMs = Math.max(dueAt, this.#notBefore) - now
    this.#cancelTimer()
    if (waitMs <= 0) this.#balance()
    else if (waitMs < Infinity) this.#cancelTimer = this.#options.clock.after(waitMs, () => this.check())
  }

  /** Releases all permits. Idempotent. */
  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    this.#cancelTimer()
    await this.#exchanges.settled()
    this.#permits = 0
    const { db, key, log } = this.#options
    try {
      await writeGrant(db.pool, key, { holder: this.#holder, permits: 0, wanted: 0 }, leaseMs)
      await this.#notifyOthers(db.pool)
    } catch (error) {
      // The row expires by itself.
      log.warn({ err: error, endpoint: key.endpoint }, 'limits: could not release permits')
    }
  }

  #claim(): Demand {
    const { inUse, wanted } = this.#options.demand()
    return { inUse, wanted: Math.max(inUse, Math.min(wanted, this.#limit)) }
  }

  #balance(): void {
    void this.#exchanges.run().then(() => this.check())
  }

  async #exchange(): Promise<void> {
    if (this.#stopped) return
    const { log, key, clock, onChange } = this.#options
    try {
      await this.#claimShare()
    } catch (error) {
      this.#notBefore = clock.now() + retryMs
      log.warn({ err: error, endpoint: key.endpoint }, 'limits: could not exchange permits')
    }
    onChange()
  }

  /** Takes the permits of the fair share that are free, and releases those beyond it. */
  async #claimShare(): Promise<void> {
    const { db, key, clock } = this.#options
    const holder = this.#holder
    const startedAt = clock.now()
    const granted = await transaction(db.pool, async (client) => {
      await lockEndpoint(client, key)
      const { limit, grants, now: dbNow } = await readGrants(client, key)
      this.#limit = limit ?? Infinity
      const before = grants.find((grant) => grant.holder === holder) ?? { holder, permits: 0, wanted: 0 }
      const others = grants.filter((grant) => grant !== before)
      const { inUse, wanted } = this.#claim()

      const claims = [...others, { ...before, wanted }].sort((a, b) => (a.holder < b.holder ? -1 : 1))
      const shares = fairShares(
        this.#limit,
        claims.map((claim) => claim.wanted),
        Math.floor(dbNow / turnMs),
      )
      const shareOf = new Map(claims.map((claim, index) => [claim.holder, shares[index] ?? 0]))
      const share = shareOf.get(holder) ?? 0
      const free = this.#limit - others.reduce((sum, grant) => sum + grant.permits, 0)
      const permits = Math.max(inUse, Math.min(share, free))
      // From the commit on, the rest may belong to others, and the answer to the commit may get lost.
      this.#permits = Math.min(this.#permits, permits)

      await removeExpiredGrants(client, key)
      await writeGrant(client, key, { holder, permits, wanted }, leaseMs)
      const othersLack = others.some((grant) => grant.permits < (shareOf.get(grant.holder) ?? 0))
      const released = permits < before.permits && othersLack
      const requests = permits < share && wanted > before.wanted
      if (released || requests) await this.#notifyOthers(client)
      const contended = claims.reduce((sum, claim) => sum + claim.wanted, 0) > this.#limit
      return { permits, share, wanted, contended }
    })
    this.#permits = granted.permits
    this.#validUntil = startedAt + leaseMs - marginMs
    this.#share = granted.share
    this.#declared = granted.wanted
    this.#contended = granted.contended
    const holds = granted.permits > 0 || granted.wanted > 0
    this.#renewAt = holds ? clock.now() + (granted.contended ? renewContendedMs : renewMs) : Infinity
  }

  async #notifyOthers(client: Pick<Database['pool'], 'query'>): Promise<void> {
    const { projectId, endpoint } = this.#options.key
    await notify(client, channels.permit, `${this.#holder} ${projectId} ${endpoint}`)
  }
}
