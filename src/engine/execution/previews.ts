import { channels, type Listener } from '../../db/listener.ts'
import {
  answerPreview,
  type PreviewRequest,
  type PreviewResponse,
  takePreview,
} from '../../db/sql/evaluator/previews.ts'
import { messageOf } from '../../domain/errors.ts'
import { SingleFlight } from '../../domain/single-flight.ts'
import type { Services } from '../services.ts'

/** Previews at once in a worker. */
const maxPreviews = 10

/** Calls evaluators for servers that preview them, as `previewEvaluator` asks. */
export class Previews {
  readonly #services: Pick<Services, 'db' | 'functions' | 'log'>
  readonly #workerId: string
  readonly #running = new Set<Promise<void>>()
  readonly #abort = new AbortController()
  readonly #takes = new SingleFlight(() => this.#take())
  readonly #off: () => void

  constructor(services: Pick<Services, 'db' | 'functions' | 'log'>, listener: Listener, workerId: string) {
    this.#services = services
    this.#workerId = workerId
    const look = () => void this.#takes.run()
    this.#off = listener.on(channels.preview, look, look)
    look()
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    this.#off()
    this.#abort.abort(new Error('The worker is stopping.'))
    await this.#takes.settled()
    await Promise.all(this.#running)
  }

  async #take(): Promise<void> {
    const { db, functions, log } = this.#services
    while (this.#running.size < maxPreviews && !this.#abort.signal.aborted) {
      const modules = [...functions.registered.evaluators.keys()]
      const taken = await takePreview(db.pool, this.#workerId, modules).catch((err) => {
        log.warn({ err }, 'worker: could not take a preview')
        return null
      })
      if (!taken) return
      const run = this.#answer(taken.id, taken.request)
        .catch((err) => log.warn({ err }, 'worker: could not answer a preview'))
        .finally(() => {
          this.#running.delete(run)
          void this.#takes.run()
        })
      this.#running.add(run)
    }
  }

  async #answer(id: string, { module, scoreName, item, timeoutMs }: PreviewRequest): Promise<void> {
    const { db, functions } = this.#services
    const call = { signal: this.#abort.signal, timeoutMs, ids: { preview: id } }
    const response: PreviewResponse = await functions.evaluate(module, scoreName, item, call).then(
      (evaluations) => ({ evaluations }),
      (error) => ({ error: messageOf(error) }),
    )
    await answerPreview(db.pool, id, response)
  }
}
