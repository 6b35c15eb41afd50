import type { Database } from '../db/client.ts'
import { LimitError } from '../domain/errors.ts'

/** Bounds how many transfers of a kind a process works on at once, in all and for one project. */
export class TransferPlaces {
  readonly #what: string
  readonly #most: number
  readonly #mostOfProject: number
  /** The projects of those in progress. */
  readonly #taken = new WeakMap<Database, string[]>()

  /** @param what they are, in the plural */
  constructor(what: string, limits: { most: number; mostOfProject: number }) {
    this.#what = what
    this.#most = limits.most
    this.#mostOfProject = limits.mostOfProject
  }

  /** @throws {LimitError} too many are in progress; `work` is not begun then */
  async within<T>(db: Database, projectId: string, work: () => Promise<T>): Promise<T> {
    const taken = this.#taken.get(db) ?? []
    this.#taken.set(db, taken)
    if (taken.filter((project) => project === projectId).length >= this.#mostOfProject) {
      throw this.#tooMany(`${this.#mostOfProject} concurrent ${this.#what} of one project`)
    }
    if (taken.length >= this.#most) throw this.#tooMany(`${this.#most} concurrent ${this.#what}`)
    taken.push(projectId)
    try {
      return await work()
    } finally {
      taken.splice(taken.indexOf(projectId), 1)
    }
  }

  #tooMany(limit: string): LimitError {
    return new LimitError(`Expected at most ${limit}, got one more. Try again in a moment.`)
  }
}
