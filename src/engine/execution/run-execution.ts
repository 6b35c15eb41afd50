import type { Job } from 'pg-boss'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { isFinished, type RunStatus } from '../../domain/run.ts'
import type { EndpointLimits } from '../limits/endpoint-limits.ts'
import type { LaneJob } from '../runs/lanes.ts'
import type { Services } from '../services.ts'
import type { Interruption } from './interruption.ts'
import { Lane } from './lane.ts'
import { writeLedger } from './ledger.ts'
import type { LiveTexts } from './live-texts.ts'
import { Recorder } from './recorder.ts'
import { findCached } from './response-cache.ts'
import { loadRunPlan, type RunPlan } from './run-plan.ts'
import type { Slots } from './slots.ts'

/** A lane that this process holds, with the job that delivered it. */
export interface HeldLane {
  job: Job<LaneJob>
  lane: Lane
}

/** Shared by all runs of a process. */
export interface ExecutionContext {
  services: Services
  limits: Pick<EndpointLimits, 'acquire'>
  slots: Slots
  texts: Pick<LiveTexts, 'begin'>
}

/**
 * A run under execution in this process: its plan, loaded and compiled once; its recorder; and the lanes of the run
 * that this process holds.
 */
export class RunExecution {
  readonly plan: RunPlan
  readonly recorder: Recorder
  readonly #context: ExecutionContext
  /** By lease: a lane whose job is delivered again gets a new one. */
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
      onGivenUp: () => this.interrupt('LEASE_LOST'),
    })
  }

  /** Null when the run is deleted. */
  static async load(context: ExecutionContext, runId: string): Promise<RunExecution | null> {
    const plan = await loadRunPlan(context.services, runId)
    return plan && new RunExecution(context, plan)
  }

  get lanes(): readonly HeldLane[] {
    return [...this.#lanes.values()]
  }

  /** Lanes held, items in flight, results not yet written, and slots that the lanes can use now. */
  get load(): { lanes: number; items: number; unwritten: number; slots: number } {
    const load = { lanes: this.#lanes.size, items: 0, unwritten: this.recorder.unwritten, slots: 0 }
    for (const { lane } of this.#lanes.values()) {
      load.items += lane.inFlight
      // Of one item several evaluators may wait.
      load.slots += Math.max(0, lane.slots - lane.waiting)
    }
    return load
  }

  /** Registers a lane that this process has just taken. An earlier holder of it in this process ends. */
  hold(job: Job<LaneJob>, { lease, slots }: { lease: string; slots: number }): HeldLane {
    for (const held of this.#lanes.values()) {
      if (held.job.data.laneId === job.data.laneId) held.lane.interrupt('LEASE_LOST')
    }
    const { services, limits, slots: pool, texts } = this.#context
    const { plan, recorder } = this
    const { tracing, log } = services
    const lane = new Lane({
      plan,
      lease,
      slots,
      recorder,
      limits,
      pool,
      texts,
      cached: (items) => findCached(services, plan, items),
      tracing,
      log,
    })
    const held = { job, lane }
    this.#lanes.set(lease, held)
    return held
  }

  /** Like `Lane.run`; when it resolves, the lane's results are written. */
  async run({ lane }: HeldLane): Promise<'DONE' | 'STOPPED'> {
    const outcome = await lane.run()
    await this.recorder.flushed()
    this.#lanes.delete(lane.lease)
    return outcome
  }

  /** Interrupts all lanes. */
  interrupt(reason: Interruption['reason']): void {
    for (const { lane } of this.#lanes.values()) lane.interrupt(reason)
  }

  /** Drains all lanes. */
  drain(): void {
    for (const { lane } of this.#lanes.values()) lane.drain()
  }

  #follow(status: RunStatus): void {
    const over = isFinished(status)
    if (over && !this.#over) {
      this.#context.services.log.info({ runId: encodeGlobalId('Run', this.plan.runId), status }, 'run: over')
    }
    this.#over = over
    if (over) this.interrupt('RUN_ENDED')
  }
}
