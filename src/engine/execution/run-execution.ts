import type { Job } from 'pg-boss'
import { isFinished, type RunStatus } from '../../domain/run.ts'
import type { EndpointLimits } from '../limits/endpoint-limits.ts'
import type { LaneJob } from '../runs/lanes.ts'
import type { Services } from '../services.ts'
import type { Interruption } from './interruption.ts'
import { Lane } from './lane.ts'
import { writeLedger } from './ledger.ts'
import { Recorder } from './recorder.ts'
import { findCached } from './response-cache.ts'
import { loadRunPlan, type RunPlan } from './run-plan.ts'
import type { Slots } from './slots.ts'

/** A lane that this process works on, with the job that brought it. */
export interface HeldLane {
  job: Job<LaneJob>
  lane: Lane
}

/** What the runs of a process share. */
export interface ExecutionContext {
  services: Services
  /** What endpoints may be asked. */
  limits: Pick<EndpointLimits, 'acquire'>
  /** The process's slots. */
  slots: Slots
}

/**
 * A run under execution in this process: its plan, read and compiled once; the recorder, its one writer; and the lanes
 * of the run that the process holds.
 */
export class RunExecution {
  readonly plan: RunPlan
  readonly recorder: Recorder
  readonly #context: ExecutionContext
  /** By lease: a lane whose job was delivered again has another. */
  readonly #lanes = new Map<string, HeldLane>()
  #over = false

  private constructor(context: ExecutionContext, plan: RunPlan) {
    const { db, log, metrics } = context.services
    const { runId } = plan
    this.plan = plan
    this.#context = context
    this.recorder = new Recorder({
      runId,
      write: (results, requests, uncertain) => writeLedger(db, runId, results, requests, uncertain),
      log,
      metrics,
      onStatus: (status) => this.#follow(status),
    })
  }

  /** Null when the run is gone. */
  static async load(context: ExecutionContext, runId: string): Promise<RunExecution | null> {
    const plan = await loadRunPlan(context.services, runId)
    return plan && new RunExecution(context, plan)
  }

  /** The lanes that this process holds. */
  get lanes(): readonly HeldLane[] {
    return [...this.#lanes.values()]
  }

  /** Lanes held, items claimed and begun, results not yet written, and slots that the lanes may use now. */
  get load(): { lanes: number; items: number; unwritten: number; slots: number } {
    const load = { lanes: this.#lanes.size, items: 0, unwritten: this.recorder.unwritten, slots: 0 }
    for (const { lane } of this.#lanes.values()) {
      load.items += lane.inFlight
      load.slots += lane.slots - lane.waiting
    }
    return load
  }

  /** Begins to work on a lane that this process has just taken; a holder of it in the same process ends. */
  hold(job: Job<LaneJob>, { lease, slots }: { lease: string; slots: number }): HeldLane {
    for (const held of this.#lanes.values()) {
      if (held.job.data.laneId === job.data.laneId) held.lane.interrupt('LEASE_LOST')
    }
    const { services, limits, slots: pool } = this.#context
    const { plan, recorder } = this
    const { tracing, log } = services
    const lane = new Lane({
      plan,
      lease,
      slots,
      recorder,
      limits,
      pool,
      cached: (items) => findCached(services, plan, items),
      tracing,
      log,
    })
    const held = { job, lane }
    this.#lanes.set(lease, held)
    return held
  }

  /** Runs a lane to its end, as `Lane.run`; its results are written then. */
  async run({ lane }: HeldLane): Promise<'DONE' | 'STOPPED'> {
    const outcome = await lane.run()
    await this.recorder.flushed()
    this.#lanes.delete(lane.lease)
    return outcome
  }

  /** Ends all lanes now. */
  interrupt(reason: Interruption['reason']): void {
    for (const { lane } of this.#lanes.values()) lane.interrupt(reason)
  }

  /** Ends all lanes as soon as their calls in flight have ended. */
  drain(): void {
    for (const { lane } of this.#lanes.values()) lane.drain()
  }

  #follow(status: RunStatus): void {
    const over = isFinished(status)
    if (over && !this.#over) this.#context.services.log.info({ runId: this.plan.runId, status }, 'run: over')
    this.#over = over
    if (over) this.interrupt('RUN_ENDED')
  }
}
