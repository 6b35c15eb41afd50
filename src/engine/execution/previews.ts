import { channels, type Listener } from '../../db/listener.ts'
import {
  answerPreview,
  type EvaluatorRequest,
  type JudgeRequest,
  type PreviewRequest,
  type PreviewResponse,
  takePreview,
} from '../../db/sql/preview/previews.ts'
import { messageOf } from '../../domain/errors.ts'
import { withDeadline } from '../../domain/execution/deadline.ts'
import { SingleFlight } from '../../domain/single-flight.ts'
import type { EndpointLimits } from '../limits/endpoint-limits.ts'
import { createProjectEvaluator } from '../project-evaluator.ts'
import type { Services } from '../services.ts'
import { callPreviewed } from './preview-call.ts'
import { Slots } from './slots.ts'

/** Previews at once in a worker. */
const maxPreviews = 10

interface Running {
  ended: Promise<void>
  abort: AbortController
}

/** Calls evaluators, models and functions for servers that preview them, as `askWorker` asks. */
export class Previews {
  readonly #services: Services
  readonly #limits: Pick<EndpointLimits, 'acquire'>
  readonly #workerId: string
  readonly #running = new Map<string, Running>()
  /** Those withdrawn while one is being taken, which may be among them; null while none is. */
  #withdrawn: Set<string> | null = null
  readonly #slots = new Slots(maxPreviews)
  readonly #takes = new SingleFlight(() => this.#take())
  readonly #off: () => void
  #stopping = false

  constructor(services: Services, listener: Listener, limits: Pick<EndpointLimits, 'acquire'>, workerId: string) {
    this.#services = services
    this.#limits = limits
    this.#workerId = workerId
    const look = () => void this.#takes.run()
    const told = (withdrawn: string) => {
      if (withdrawn === '') look()
      else {
        this.#withdrawn?.add(withdrawn)
        this.#running.get(withdrawn)?.abort.abort(new Error('Nobody waits for the preview any more.'))
      }
    }
    this.#off = listener.on(channels.preview, told, look)
    look()
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    this.#off()
    this.#stopping = true
    for (const { abort } of this.#running.values()) abort.abort(new Error('The worker is stopping.'))
    await this.#takes.settled()
    await Promise.all([...this.#running.values()].map(({ ended }) => ended))
  }

  async #take(): Promise<void> {
    const { db, functions, log } = this.#services
    while (this.#running.size < maxPreviews && !this.#stopping) {
      const { tasks, evaluators } = functions.registered
      const known = { tasks: [...tasks.keys()], evaluators: [...evaluators.keys()] }
      const withdrawn = new Set<string>()
      this.#withdrawn = withdrawn
      const taken = await takePreview(db.pool, this.#workerId, known).catch((err) => {
        log.warn({ err }, 'worker: could not take a preview')
        return null
      })
      this.#withdrawn = null
      if (!taken) return
      const { id, request } = taken
      if (withdrawn.has(id)) continue
      const abort = new AbortController()
      const ended = this.#answer(id, request, abort.signal)
        .catch((err) => {
          if (!abort.signal.aborted) log.warn({ err }, 'worker: could not answer a preview')
        })
        .finally(() => {
          this.#running.delete(id)
          void this.#takes.run()
        })
      this.#running.set(id, { ended, abort })
    }
  }

  async #answer(id: string, request: PreviewRequest, signal: AbortSignal): Promise<void> {
    const parts = { services: this.#services, limits: this.#limits, pool: this.#slots }
    const response =
      'task' in request
        ? await callPreviewed(parts, id, request, signal)
        : 'evaluator' in request
          ? await this.#judge(id, request, signal)
          : await this.#evaluate(id, request, signal)
    await answerPreview(this.#services.db.pool, id, response)
  }

  #judge(
    id: string,
    { projectId, evaluator, item, timeoutMs }: JudgeRequest,
    signal: AbortSignal,
  ): Promise<PreviewResponse> {
    const call = async (inTime: AbortSignal) =>
      createProjectEvaluator(this.#services, projectId, evaluator)(item, { signal: inTime, subject: { preview: id } })
    return withDeadline(call, { timeoutMs, signal }).then(
      (evaluations) => ({ evaluations }),
      (error) => ({ error: messageOf(error) }),
    )
  }

  #evaluate(
    id: string,
    { module, scoreName, item, timeoutMs }: EvaluatorRequest,
    signal: AbortSignal,
  ): Promise<PreviewResponse> {
    return this.#services.functions
      .evaluate(module, scoreName, item, { signal, timeoutMs, subject: { preview: id } })
      .then(
        (evaluations) => ({ evaluations }),
        (error) => ({ error: messageOf(error) }),
      )
  }
}
