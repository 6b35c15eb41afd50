import type { Clock } from '../../domain/clock.ts'
import type { EndpointLimits } from '../limits/endpoint-limits.ts'
import { noCall, type Permit } from '../limits/permit.ts'
import type { EvaluatorRights } from './call-evaluator.ts'
import { ItemCalls } from './item-calls.ts'
import type { RunPlan } from './run-plan.ts'
import type { Slots } from './slots.ts'

interface LaneCallsOptions {
  plan: RunPlan
  limits: Pick<EndpointLimits, 'acquire'>
  pool: Slots
  clock: Clock
  /** Aborted with the calls in flight. */
  signal: AbortSignal
  /** Aborted when no more calls are to begin. */
  closing: AbortSignal
}

/** The rights of a lane's calls, of the task and of evaluators: each takes a permit of its endpoint and a slot. */
export class LaneCalls {
  readonly #options: LaneCallsOptions
  #waiting = 0

  constructor(options: LaneCallsOptions) {
    this.#options = options
  }

  /** Calls that wait for a permit. They use none of the process's slots. */
  get waiting(): number {
    return this.#waiting
  }

  ofTask(): ItemCalls {
    return this.#callsOf(this.#options.plan.endpoint)
  }

  readonly ofEvaluator = (endpoint: string): EvaluatorRights => {
    const { closing } = this.#options
    const calls = this.#callsOf(endpoint)
    return {
      start: () => calls.start(closing, true),
      release: (outcome) => calls.release(outcome),
      finish: () => calls.finish(),
    }
  }

  #callsOf(endpoint: string | null): ItemCalls {
    const { plan, pool, signal, clock } = this.#options
    const acquire = endpoint === null ? () => noCall : (closing: AbortSignal) => this.#permit(endpoint, closing)
    return new ItemCalls({ runId: plan.runId, acquire, pool, signal, clock })
  }

  #permit(endpoint: string, signal: AbortSignal): Permit | Promise<Permit | null> | null {
    const { plan, limits } = this.#options
    const permit = limits.acquire({ projectId: plan.projectId, endpoint, runId: plan.runId }, signal)
    return permit instanceof Promise ? this.#waitingFor(permit) : permit
  }

  async #waitingFor(permit: Promise<Permit | null>): Promise<Permit | null> {
    this.#waiting += 1
    try {
      return await permit
    } finally {
      this.#waiting -= 1
    }
  }
}
