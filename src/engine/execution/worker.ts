/**
 * Fetches lanes for the process's free slots, keeps their jobs alive and runs them. Lead lanes are fetched even when
 * all slots are in use, so that a new run starts at once and gets its fair share.
 */
import type { JobWithMetadata } from 'pg-boss'
import { channels, type Listener } from '../../db/listener.ts'
import { fetchLanes, type LaneFetch, laneQueue } from '../../db/queue.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { SingleFlight } from '../../domain/single-flight.ts'
import { EndpointLimits } from '../limits/endpoint-limits.ts'
import { type LaneJob, laneSlots, leadPriority } from '../runs/lanes.ts'
import type { Services } from '../services.ts'
import { Announcement } from './announcement.ts'
import { finishLane, returnLane, touchLanes } from './lane-jobs.ts'
import { LiveTexts } from './live-texts.ts'
import { openLane } from './open-lane.ts'
import { Previews } from './previews.ts'
import { Reconciler } from './reconciler.ts'
import { type HeldLane, RunExecution } from './run-execution.ts'
import { RunExecutions } from './run-executions.ts'
import { Slots } from './slots.ts'

export interface WorkerOptions {
  /** Calls at once in this process; default 200. Each run is guaranteed a twentieth of them, even beyond the limit. */
  slots?: number
  /** How long `stop` lets calls in flight finish, in milliseconds; default 10,000. */
  drainMs?: number
}

const pollMs = 2_000
const touchMs = 3_000
const reconcileMs = 20_000
/** The maximum of lanes that a process holds, however few slots they have. */
const maxLanes = 500
/** The maximum of runs that a process remembers to leave to others. */
const maxLeftRuns = 1_000
/** The time slice after which a lane makes room for others that wait. */
const sliceMs = 10_000
/** After the drain deadline: time to write the results of interrupted calls. */
const lastWriteMs = 3_000

export class Worker {
  readonly limits: EndpointLimits
  readonly #texts: LiveTexts
  readonly #services: Services
  readonly #listener: Listener
  readonly #slots: Slots
  readonly #drainMs: number
  readonly #executions: RunExecutions
  readonly #reconciler: Reconciler
  readonly #announcement: Announcement
  #previews: Previews | null = null
  #announced: Promise<void> = Promise.resolve()
  readonly #stops: (() => void)[] = []
  readonly #swaps = new Set<Promise<void>>()
  /** Runs that need functions which this process does not have. */
  readonly #leftToOthers = new Set<string>()
  /** One per lane, from its fetch to the end of its job. */
  readonly #lanes = new Set<Promise<void>>()
  readonly #fetches = new SingleFlight(() => this.#fetchLanes())
  #fetchedAt = -Infinity
  #stopping: Promise<void> | null = null

  constructor(services: Services, listener: Listener, options: WorkerOptions = {}) {
    this.#services = services
    this.#listener = listener
    this.limits = new EndpointLimits({ db: services.db, listener, log: services.log })
    this.#texts = new LiveTexts({ db: services.db, listener, log: services.log })
    this.#slots = new Slots(options.slots ?? 200)
    this.#drainMs = options.drainMs ?? 10_000
    this.#reconciler = new Reconciler(services)
    this.#announcement = new Announcement(services)
    const context = { services, limits: this.limits, slots: this.#slots, texts: this.#texts }
    this.#executions = new RunExecutions((runId) => RunExecution.load(context, runId))
  }

  start(): this {
    const fetch = () => this.#fetchSoon()
    const touch = () => void this.#touch()
    const poll = setInterval(fetch, pollMs)
    const heartbeat = setInterval(touch, touchMs)
    const repair = setInterval(() => void this.#reconcile(), reconcileMs)
    this.#stops.push(
      () => clearInterval(repair),
      this.#listener.on(channels.lane, fetch, fetch),
      this.#listener.on(channels.runSettings, touch),
      this.#listener.on(channels.abort, (runId) => this.#abort(runId)),
      () => clearInterval(poll),
      () => clearInterval(heartbeat),
    )
    this.limits.start()
    this.#texts.start()
    this.#announced = this.#announcement.start()
    this.#previews = new Previews(this.#services, this.#listener, this.limits, this.#announcement.id)
    this.#fetchSoon()
    return this
  }

  /** Resolves when all processes can know which functions it has. */
  get announced(): Promise<void> {
    return this.#announced
  }

  /** Announces functions that have come or gone; runs that need those that are gone are left to other workers. */
  functionsChanged(): void {
    if (this.#stopping) return
    void this.#announcement.write()
    for (const execution of this.#executions) if (execution.plan.missingFunctions().length > 0) execution.drain()
    this.#leftToOthers.clear()
    this.#fetchSoon()
  }

  /** Lanes held, slots used and in total, items in flight, results not yet written. */
  get load(): { lanes: number; used: number; slots: number; items: number; unwritten: number } {
    const load = { lanes: 0, used: this.#slots.used, slots: this.#slots.size, items: 0, unwritten: 0 }
    for (const execution of this.#executions) {
      const { lanes, items, unwritten } = execution.load
      load.lanes += lanes
      load.items += items
      load.unwritten += unwritten
    }
    return load
  }

  /** When the last fetch of lanes succeeded, with or without lanes, in milliseconds of performance.now. */
  get fetchedAt(): number {
    return this.#fetchedAt
  }

  /**
   * Drains: fetches nothing more, lets calls finish until the deadline, then requeues the rest uncounted. Idempotent.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#drain()
    return this.#stopping
  }

  async #drain(): Promise<void> {
    for (const stop of this.#stops) stop()
    const withdrawn = this.#announcement.withdraw()
    const heartbeat = setInterval(() => void this.#touch(), touchMs)
    await Promise.all([this.#fetches.settled(), ...this.#swaps])
    for (const execution of this.#executions) execution.drain()
    const deadline = setTimeout(() => {
      for (const execution of this.#executions) execution.interrupt('SHUTDOWN')
    }, this.#drainMs)
    const abandon = setTimeout(() => {
      for (const { recorder } of this.#executions) recorder.abandon()
    }, this.#drainMs + lastWriteMs)
    await Promise.all(this.#lanes)
    clearTimeout(deadline)
    clearTimeout(abandon)
    clearInterval(heartbeat)
    await Promise.all([withdrawn, this.#previews?.stop(), this.limits.stop(), this.#texts.stop()])
  }

  #fetchSoon(): void {
    if (!this.#stopping) void this.#fetches.run()
  }

  async #fetchLanes(): Promise<void> {
    if (this.#stopping) return
    try {
      // The lanes that fit; without any, the lead lanes, whose runs would wait otherwise.
      const lanes = Math.min(Math.ceil(this.#freeSlots() / laneSlots), maxLanes - this.#lanes.size)
      const jobs = lanes > 0 ? await this.#fetch({ batchSize: lanes }) : []
      const room = maxLanes - this.#lanes.size - jobs.length
      if (jobs.length === 0 && room > 0)
        jobs.push(...(await this.#fetch({ batchSize: room, minPriority: leadPriority })))
      await Promise.all(jobs.map((job) => this.#open(job)))
      if (jobs.length > 0) this.#fetchSoon()
      this.#fetchedAt = performance.now()
    } catch (error) {
      this.#services.log.warn({ err: error }, 'worker: could not fetch lanes')
    }
  }

  #fetch(options: Omit<LaneFetch, 'ignoredRuns'>): Promise<JobWithMetadata<LaneJob>[]> {
    return fetchLanes(this.#services.boss, { ...options, ignoredRuns: [...this.#leftToOthers] })
  }

  /** Resolves when the lane runs, or when this worker does not hold it. */
  async #open(job: JobWithMetadata<LaneJob>): Promise<void> {
    const opened = Promise.withResolvers<void>()
    const life = this.#executions.use(job.data.runId, async (execution) => {
      const held = await this.#hold(job, execution)
      opened.resolve()
      if (execution && held) await this.#run(execution, held)
    })
    const ended = life.catch(() => {}).finally(() => this.#lanes.delete(ended))
    this.#lanes.add(ended)
    await Promise.race([opened.promise, life])
  }

  async #hold(job: JobWithMetadata<LaneJob>, execution: RunExecution | null): Promise<HeldLane | null> {
    const services = this.#services
    if (execution && execution.plan.missingFunctions().length > 0) {
      await this.#leaveToOthers(job, execution)
      return null
    }
    const lane = execution && (await openLane(services, job.data))
    if (!lane) {
      await services.boss.complete(laneQueue, job)
      return null
    }
    const held = execution.hold(job, lane)
    if (this.#stopping || execution.plan.missingFunctions().length > 0) held.lane.drain()
    return held
  }

  /** A run whose functions nobody has waits, and says so (`waitingReason`). */
  async #leaveToOthers(job: JobWithMetadata<LaneJob>, { plan }: RunExecution): Promise<void> {
    const { runId } = job.data
    if (!this.#leftToOthers.has(runId)) {
      if (this.#leftToOthers.size >= maxLeftRuns) this.#leftToOthers.clear()
      this.#leftToOthers.add(runId)
      this.#services.log.warn(
        { runId: encodeGlobalId('Run', runId), missing: plan.missingFunctions() },
        'worker: leaves a run to others, because it was started with other functions than those of this assay.config.ts',
      )
    }
    await returnLane(this.#services, job)
  }

  /** The run has ended. What its lanes have left in the queue is cleared away. */
  #abort(runId: string): void {
    this.#executions.get(runId)?.interrupt('RUN_ENDED')
    if (this.#leftToOthers.delete(runId)) this.#fetchSoon()
  }

  async #run(execution: RunExecution, held: HeldLane): Promise<void> {
    const { log } = this.#services
    const { job, lane } = held
    const runId = encodeGlobalId('Run', job.data.runId)
    const { laneId } = job.data
    log.debug({ runId, lane: laneId, lease: lane.lease }, 'lane: started')
    const slice = setInterval(() => this.#makeRoom(held), sliceMs)
    const outcome = await execution.run(held)
    clearInterval(slice)
    try {
      await finishLane(this.#services, held, outcome)
    } catch (error) {
      // The job's heartbeat expires, and another worker takes the lane.
      log.warn({ err: error, runId }, 'lane: could not complete its job')
    }
    log.debug({ runId, lane: laneId }, 'lane: ended')
    this.#fetchSoon()
  }

  /** When all slots are in use, swaps a lane whose time slice is over for a waiting lane of another run. */
  #makeRoom(held: HeldLane): void {
    if (held.job.data.lead || this.#stopping || this.#freeSlots() > 0) return
    const swap = this.#swap(held)
      .catch((error) => this.#services.log.warn({ err: error }, 'worker: could not swap lanes'))
      .finally(() => this.#swaps.delete(swap))
    this.#swaps.add(swap)
  }

  async #swap({ job: { data }, lane }: HeldLane): Promise<void> {
    const services = this.#services
    const [job] = await this.#fetch({ batchSize: 1 })
    if (!job) return
    if (job.data.runId === data.runId) return returnLane(services, job)
    lane.drain()
    await this.#open(job)
  }

  #freeSlots(): number {
    let free = this.#slots.size
    for (const { load } of this.#executions) free -= load.slots
    return free
  }

  async #touch(): Promise<void> {
    const held = [...this.#executions].flatMap(({ lanes }) => lanes)
    await touchLanes(this.#services, held).catch((error) =>
      this.#services.log.warn({ err: error }, 'worker: could not touch its lanes'),
    )
  }

  async #reconcile(): Promise<void> {
    await this.#reconciler
      .check()
      .catch((error) => this.#services.log.warn({ err: error }, 'worker: could not reconcile'))
  }
}
