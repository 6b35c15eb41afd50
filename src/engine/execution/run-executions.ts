import type { RunExecution } from './run-execution.ts'

interface Shared {
  loading: Promise<RunExecution | null>
  loaded: RunExecution | null
  /** Lanes that use the execution or wait for it. */
  users: number
}

/** The runs under execution in a process. The lanes of a run share one RunExecution, which the last of them drops. */
export class RunExecutions {
  readonly #load: (runId: string) => Promise<RunExecution | null>
  readonly #shared = new Map<string, Shared>()

  constructor(load: (runId: string) => Promise<RunExecution | null>) {
    this.#load = load
  }

  get(runId: string): RunExecution | null {
    return this.#shared.get(runId)?.loaded ?? null
  }

  *[Symbol.iterator](): IterableIterator<RunExecution> {
    for (const { loaded } of this.#shared.values()) if (loaded) yield loaded
  }

  /** Runs `work` with the run's execution, null when the run is deleted. It is dropped after its last use. */
  async use<T>(runId: string, work: (execution: RunExecution | null) => Promise<T>): Promise<T> {
    const shared = this.#shared.get(runId) ?? this.#begin(runId)
    shared.users += 1
    try {
      shared.loaded = await shared.loading
      return await work(shared.loaded)
    } finally {
      shared.users -= 1
      if (shared.users === 0) this.#shared.delete(runId)
    }
  }

  #begin(runId: string): Shared {
    const shared = { loading: this.#load(runId), loaded: null, users: 0 }
    this.#shared.set(runId, shared)
    return shared
  }
}
