import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { announceWorker, withdrawWorker } from '../../db/sql/worker/announce-worker.ts'
import type { Services } from '../services.ts'

const renewMs = 5_000
/** How long others count on a worker that says nothing more. */
const validSeconds = 20

/** Tells all processes which functions this worker has, for as long as it works. */
export class Announcement {
  readonly id = randomUUID()
  readonly #services: Pick<Services, 'db' | 'functions' | 'log'>
  #timer: NodeJS.Timeout | null = null
  #written: Promise<void> = Promise.resolve()
  #withdrawn = false

  constructor(services: Pick<Services, 'db' | 'functions' | 'log'>) {
    this.#services = services
  }

  /** @returns when it is announced for the first time, or that has failed */
  start(): Promise<void> {
    this.#timer = setInterval(() => void this.write(), renewMs)
    return this.write()
  }

  /** The worker takes no more runs. Idempotent. */
  async withdraw(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    this.#withdrawn = true
    await this.#written
    await withdrawWorker(this.#services.db.pool, this.id).catch((err) => this.#warn(err))
  }

  /** Announces what it has now. */
  write(): Promise<void> {
    this.#written = this.#written.then(async () => {
      if (this.#withdrawn) return
      const { db, functions } = this.#services
      const { registered, problem } = functions
      const announced = {
        id: this.id,
        name: `${hostname()}:${process.pid}`,
        functions: [...registered.tasks.values(), ...registered.evaluators.values()],
        problem,
      }
      await announceWorker(db.pool, announced, validSeconds).catch((err) => this.#warn(err))
    })
    return this.#written
  }

  #warn(err: unknown): void {
    this.#services.log.warn({ err }, 'worker: could not announce its functions')
  }
}
