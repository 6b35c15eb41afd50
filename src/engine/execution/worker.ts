/**
 * A process' share of the work: fetches lanes for its free slots, keeps their jobs alive and runs them. The lead lane
 * of every run is taken even when all slots are in use, so that a new run starts at once and gets its fair share.
 */
import type { Job } from 'pg-boss'
import { transaction } from '../../db/client.ts'
import { channels, type Listener } from '../../db/listener.ts'
import { type LaneJob, laneQueue, laneSlots, leadPriority, queryable, sendLanes } from '../../db/queue.ts'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import { isFinished, type RunStatus } from '../../domain/run.ts'
import { EndpointLimits } from '../limits/endpoint-limits.ts'
import type { Services } from '../services.ts'
import { Lane } from './lane.ts'
import { openLane } from './open-lane.ts'
import { passOnLane } from './pass-on-lane.ts'
import { reconcile } from './reconciler.ts'
import { Recorder } from './recorder.ts'
import { findCached } from './response-cache.ts'
import { Slots } from './slots.ts'

export interface WorkerOptions {
  /** Calls at once in this process; default 200. Every run may have a twentieth of it even when others use them all. */
  slots?: number
  /** Limit for calls in flight to end by themselves when stopping, in milliseconds; default 10,000. */
  drainMs?: number
}

interface Held {
  job: Job<LaneJob>
  lane: Lane
  done: Promise<void>
}

const pollMs = 2_000
const touchMs = 3_000
const reconcileMs = 20_000
/** A process holds no more lanes than this, however short of slots they are. */
const maxLanes = 500
/** A lane that has held its place for so long makes room when others wait. */
const sliceMs = 10_000
/** After the drain limit, for the results of what was interrupted. */
const lastWriteMs = 3_000

export class Worker {
  readonly limits: EndpointLimits
  readonly #services: Services
  readonly #listener: Listener
  readonly #slots: Slots
  readonly #drainMs: number
  /** By lease: a job that was delivered again has another. */
  readonly #held = new Map<string, Held>()
  readonly #recorders = new Map<string, Recorder>()
  readonly #stops: (() => void)[] = []
  readonly #swaps = new Set<Promise<void>>()
  #fetching: Promise<void> | null = null
  #fetchAgain = false
  #fetchedAt = -Infinity
  #stopping: Promise<void> | null = null

  constructor(services: Services, listener: Listener, options: WorkerOptions = {}) {
    this.#services = services
    this.#listener = listener
    this.limits = new EndpointLimits({ db: services.db, listener, log: services.log })
    this.#slots = new Slots(options.slots ?? 200)
    this.#drainMs = options.drainMs ?? 10_000
  }

  start(): this {
    const fetch = () => this.#fetchSoon()
    const poll = setInterval(fetch, pollMs)
    const touch = setInterval(() => void this.#touch(), touchMs)
    const look = setInterval(() => void this.#reconcile(), reconcileMs)
    this.#stops.push(
      () => clearInterval(look),
      this.#listener.on(channels.lane, (changedRun) => (changedRun ? void this.#touch() : fetch()), fetch),
      this.#listener.on(channels.abort, (runId) => this.#interruptRun(runId)),
      () => clearInterval(poll),
      () => clearInterval(touch),
    )
    this.limits.start()
    this.#fetchSoon()
    return this
  }

  /** Lanes held, slots used and slots in all, items claimed and begun, results not yet written. */
  get load(): { lanes: number; used: number; slots: number; items: number; unwritten: number } {
    const items = [...this.#held.values()].reduce((sum, { lane }) => sum + lane.inFlight, 0)
    const unwritten = [...this.#recorders.values()].reduce((sum, recorder) => sum + recorder.unwritten, 0)
    return { lanes: this.#held.size, used: this.#slots.used, slots: this.#slots.size, items, unwritten }
  }

  /** When it last fetched lanes and took what it got, if anything, in milliseconds of performance.now. */
  get fetchedAt(): number {
    return this.#fetchedAt
  }

  /** Drains: takes nothing new, lets calls end within the limit, gives the rest back uncounted. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#drain()
    return this.#stopping
  }

  async #drain(): Promise<void> {
    for (const stop of this.#stops) stop()
    const touch = setInterval(() => void this.#touch(), touchMs)
    await Promise.all([this.#fetching, ...this.#swaps])
    for (const { lane } of this.#held.values()) lane.drain()
    const limit = setTimeout(() => {
      for (const { lane } of this.#held.values()) lane.interrupt('SHUTDOWN')
    }, this.#drainMs)
    const abandon = setTimeout(() => {
      for (const recorder of this.#recorders.values()) recorder.abandon()
    }, this.#drainMs + lastWriteMs)
    await Promise.all([...this.#held.values()].map(({ done }) => done))
    clearTimeout(limit)
    clearTimeout(abandon)
    clearInterval(touch)
    await this.limits.stop()
  }

  #fetchSoon(): void {
    this.#fetchAgain = true
    if (this.#stopping) return
    this.#fetching ??= this.#fetchAll().finally(() => {
      this.#fetching = null
    })
  }

  async #fetchAll(): Promise<void> {
    while (this.#fetchAgain && !this.#stopping) {
      this.#fetchAgain = false
      try {
        // Only the lanes that fit, and on top of them those without which a run would stand still.
        const lanes = Math.min(Math.ceil(this.#freeSlots() / laneSlots), maxLanes - this.#held.size)
        const jobs = lanes > 0 ? await this.#fetch({ batchSize: lanes }) : []
        const room = maxLanes - this.#held.size - jobs.length
        if (jobs.length === 0 && room > 0)
          jobs.push(...(await this.#fetch({ batchSize: room, minPriority: leadPriority })))
        await Promise.all(jobs.map((job) => this.#open(job)))
        if (jobs.length > 0) this.#fetchAgain = true
        this.#fetchedAt = performance.now()
      } catch (error) {
        this.#services.log.warn({ err: error }, 'worker: could not fetch lanes')
      }
    }
  }

  async #reconcile(): Promise<void> {
    await reconcile(this.#services).catch((error) =>
      this.#services.log.warn({ err: error }, 'worker: could not reconcile'),
    )
  }

  #fetch(options: { batchSize: number; minPriority?: number }): Promise<Job<LaneJob>[]> {
    return this.#services.boss.fetch<LaneJob>(laneQueue, options)
  }

  async #open(job: Job<LaneJob>): Promise<void> {
    const { boss, log, tracing } = this.#services
    if (await passOnLane(this.#services, job)) return
    const opened = await openLane(this.#services, job.data)
    if (!opened) {
      await boss.complete(laneQueue, job)
      return
    }
    const { plan } = opened
    const recorder = this.#recorders.get(plan.runId) ?? this.#createRecorder(plan.runId)
    const cached = (items: readonly ClaimedItem[]) => findCached(this.#services, plan, items)
    for (const held of this.#held.values())
      if (held.job.data.laneId === job.data.laneId) held.lane.interrupt('LEASE_LOST')
    const lane = new Lane({ ...opened, recorder, limits: this.limits, pool: this.#slots, cached, tracing, log })
    const held = { job, lane, done: this.#run(job, lane, recorder) }
    this.#held.set(lane.lease, held)
    if (this.#stopping) lane.drain()
  }

  #createRecorder(runId: string): Recorder {
    const { db, log, metrics } = this.#services
    let over = false
    const onStatus = (status: RunStatus) => {
      if (!isFinished(status)) return
      if (!over) log.info({ runId, status }, 'run: over')
      over = true
      this.#interruptRun(runId)
    }
    const recorder = new Recorder({ db, runId, log, metrics, onStatus })
    this.#recorders.set(runId, recorder)
    return recorder
  }

  async #run(job: Job<LaneJob>, lane: Lane, recorder: Recorder): Promise<void> {
    const { log } = this.#services
    const { runId } = lane
    log.debug({ runId, lane: job.data.laneId, lease: lane.lease }, 'lane: started')
    const slice = setInterval(() => this.#makeRoom(job, lane), sliceMs)
    const outcome = await lane.run()
    clearInterval(slice)
    await recorder.flushed()
    this.#held.delete(lane.lease)
    if (![...this.#held.values()].some((held) => held.lane.runId === runId)) this.#recorders.delete(runId)
    await this.#finish(job, lane, outcome)
    log.debug({ runId, lane: job.data.laneId }, 'lane: ended')
    this.#fetchSoon()
  }

  /** The job is done; a lane that stopped before its run did goes behind the others, in the same transaction. */
  async #finish(job: Job<LaneJob>, { runId, lease }: Lane, outcome: 'DONE' | 'STOPPED'): Promise<void> {
    const { boss, db, log } = this.#services
    try {
      await transaction(db.pool, async (client) => {
        await boss.complete(laneQueue, job, null, { db: queryable(client) })
        const { rows } = await client.query<{ slots: number; status: RunStatus; priority: number }>(
          `SELECT l.slots, r.status, r.priority FROM run_lane l JOIN run r ON r.id = l.run_id
           WHERE l.id = $1 AND l.lease = $2`,
          [job.data.laneId, lease],
        )
        const [ours] = rows
        // Somebody else has the lane, or nobody needs it.
        if (!ours || isFinished(ours.status)) return
        if (outcome === 'STOPPED' && ours.slots > 0) await sendLanes(boss, client, [job.data], ours.priority)
        else await client.query('DELETE FROM run_lane WHERE id = $1', [job.data.laneId])
      })
    } catch (error) {
      // The job's heartbeat runs out and another worker takes the lane.
      log.warn({ err: error, runId }, 'lane: could not complete its job')
    }
  }

  /** When all slots are in use, a lane whose time slice is over changes places with one of another run that waits. */
  #makeRoom({ data }: Job<LaneJob>, lane: Lane): void {
    if (data.lead || this.#stopping || this.#freeSlots() > 0) return
    const swap = this.#swap(lane)
      .catch((error) => this.#services.log.warn({ err: error }, 'worker: could not swap lanes'))
      .finally(() => this.#swaps.delete(swap))
    this.#swaps.add(swap)
  }

  async #swap(lane: Lane): Promise<void> {
    const { boss, db } = this.#services
    const [job] = await boss.fetch<LaneJob>(laneQueue, { batchSize: 1, includeMetadata: true })
    if (!job) return
    if (job.data.runId !== lane.runId) {
      lane.drain()
      return this.#open(job)
    }
    await transaction(db.pool, async (client) => {
      await boss.complete(laneQueue, job, null, { db: queryable(client) })
      await sendLanes(boss, client, [job.data], job.priority - (job.data.lead ? leadPriority : 0))
    })
  }

  #freeSlots(): number {
    return this.#slots.size - [...this.#held.values()].reduce((sum, { lane }) => sum + lane.slots - lane.waiting, 0)
  }

  #interruptRun(runId: string): void {
    for (const { lane } of this.#held.values()) if (lane.runId === runId) lane.interrupt('RUN_ENDED')
  }

  /** Keeps the jobs alive, and looks for what a lost message would have told: ended runs and lost leases. */
  async #touch(): Promise<void> {
    const held = [...this.#held.values()]
    if (held.length === 0) return
    const { boss, db, log } = this.#services
    try {
      await boss.touch(
        laneQueue,
        held.map(({ job }) => job),
      )
      const { rows } = await db.pool.query<{ laneId: string; lease: string | null; slots: number; status: RunStatus }>(
        `SELECT l.id AS "laneId", l.lease::text, l.slots, r.status FROM run_lane l JOIN run r ON r.id = l.run_id
         WHERE l.id = ANY ($1::uuid[])`,
        [held.map(({ job }) => job.data.laneId)],
      )
      const found = new Map(rows.map((row) => [row.laneId, row]))
      for (const { job, lane } of held) {
        const row = found.get(job.data.laneId)
        if (!row || isFinished(row.status)) lane.interrupt('RUN_ENDED')
        else if (row.lease !== lane.lease) lane.interrupt('LEASE_LOST')
        else if (row.slots !== lane.slots) lane.resize(row.slots)
      }
    } catch (error) {
      log.warn({ err: error }, 'worker: could not touch its lanes')
    }
  }
}
