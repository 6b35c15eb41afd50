/**
 * Calculations whose cost is decided by users' data, off the event loop: patterns, paths, schemas, distances. They run in
 * processes that are ended at a limit of time or memory, and no group of callers ever has them all. Processes, since a
 * thread that runs out of memory can take its process with it.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism, getPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { InvalidInputError } from '../domain/errors.ts'
import { FairQueue } from '../domain/limits/fair-queue.ts'
import { onAbort } from '../domain/listeners.ts'
import type { Asked, Told } from './protocol.ts'

/** A calculation was ended because of its input: at a limit of time or memory, or it ended its process itself. */
export class TooHeavyError extends Error {
  constructor(why: string) {
    super(`${why} to calculate`)
    this.name = 'TooHeavyError'
  }
}

export interface Calculation {
  /** A module that exports `calculate(input)`. Input and output are JSON. */
  module: URL
  input: unknown
  /** Who asks: groups take turns. */
  group: string
  /** From its beginning, in milliseconds. */
  timeoutMs: number
  /** Ends it when it aborts, also while it waits. */
  signal?: AbortSignal
}

interface Waiting {
  asked: Asked
  timeoutMs: number
  signal: AbortSignal | undefined
  resolve: (output: unknown) => void
  reject: (error: Error) => void
}

const program = fileURLToPath(new URL('calculator.ts', import.meta.url))
/** How long a process may take to start and to load the code of a calculation. */
const loadMs = 60_000
/** A process without work ends after this. */
const idleMs = 30_000
/** The memory of each process. */
export const maxCalculationMb = 512
/** How long calculations of a kind may take, in milliseconds; those of tests take less. */
export const calculationLimits = {
  /** One evaluation. */
  evaluationMs: 10_000,
  /** An output that is selected from a response. */
  selectionMs: 10_000,
  /** A schema that is compiled. */
  schemaMs: 5_000,
  /** Items that are checked together. */
  itemsMs: 10_000,
}

export class Calculations {
  readonly #size: number
  readonly #perGroup: number
  readonly #maxHeapMb: number
  readonly #idle = new Map<ChildProcess, NodeJS.Timeout>()
  readonly #busy = new Map<string, number>()
  readonly #waiting = new FairQueue<Waiting>()
  #running = 0

  /** @param size processes; they are started when they are needed @param maxHeapMb memory of each */
  constructor(size: number = Math.max(2, availableParallelism()), maxHeapMb = maxCalculationMb) {
    this.#size = size
    this.#maxHeapMb = maxHeapMb
    this.#perGroup = Math.max(1, size - 1)
  }

  /**
   * @throws {TooHeavyError}
   * @throws {InvalidInputError} as the calculation threw it; any other error keeps its message only
   * @throws the signal's reason when that aborts
   */
  run<Output>({ module, input, group, timeoutMs, signal }: Calculation): Promise<Output> {
    return new Promise<unknown>((resolve, reject) => {
      this.#waiting.push(group, { asked: { module: module.href, input }, timeoutMs, signal, resolve, reject })
      this.#startNext()
    }) as Promise<Output>
  }

  #startNext(): void {
    if (this.#running >= this.#size) return
    const next = this.#waiting.shiftOf((group) => (this.#busy.get(group) ?? 0) < this.#perGroup)
    if (!next) return
    const { group, value } = next
    this.#running += 1
    this.#busy.set(group, (this.#busy.get(group) ?? 0) + 1)
    void this.#calculate(value).finally(() => {
      this.#running -= 1
      const left = (this.#busy.get(group) ?? 1) - 1
      if (left > 0) this.#busy.set(group, left)
      else this.#busy.delete(group)
      this.#startNext()
    })
  }

  /** Settles the waiting call; never rejects. */
  async #calculate({ asked, timeoutMs, signal, resolve, reject }: Waiting): Promise<void> {
    if (signal?.aborted) return reject(signal.reason as Error)
    const process = this.#take()
    return new Promise((settled) => {
      const end = (keep: boolean) => {
        clearTimeout(timer)
        ignoreAbort()
        process.removeAllListeners('message').removeAllListeners('exit').removeAllListeners('error')
        if (keep) this.#keep(process)
        else process.kill('SIGKILL')
        settled()
      }
      const fail = (error: Error) => {
        end(false)
        reject(error)
      }
      const limit = (ms: number) => setTimeout(() => fail(new TooHeavyError(`it took longer than ${ms / 1_000} s`)), ms)
      let timer = limit(loadMs)
      const ignoreAbort = signal ? onAbort(signal, () => fail(signal.reason as Error)) : () => {}
      process.on('error', fail)
      process.on('exit', (code, signal) => {
        const ranOut = signal === 'SIGABRT' || code === 134
        const why = ranOut
          ? `it needed more than ${this.#maxHeapMb} MB`
          : `its process ended with ${signal ?? code} while it had`
        fail(new TooHeavyError(why))
      })
      process.on('message', (told: Told) => {
        if ('begun' in told) {
          clearTimeout(timer)
          timer = limit(timeoutMs)
          return
        }
        end(true)
        if ('output' in told) resolve(told.output)
        else reject(told.path === undefined ? new Error(told.error) : new InvalidInputError(told.error, told.path))
      })
      process.send(asked, (error) => error && fail(error))
    })
  }

  #take(): ChildProcess {
    const [found] = this.#idle
    if (!found) {
      const execArgv = [`--max-old-space-size=${this.#maxHeapMb}`]
      // Where Linux shares the processors between sessions first, what it takes would count as taken by this process. A
      // worker's session gives way already, with all that is in it.
      const detached = getPriority() === 0
      return fork(program, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv, detached })
    }
    const [process, timer] = found
    clearTimeout(timer)
    this.#idle.delete(process)
    process.removeAllListeners('exit')
    process.ref()
    process.channel?.ref()
    return process
  }

  /** A process without work does not keep this one alive. */
  #keep(process: ChildProcess): void {
    const drop = () => {
      this.#idle.delete(process)
      process.kill('SIGKILL')
    }
    this.#idle.set(process, setTimeout(drop, idleMs).unref())
    process.once('exit', () => this.#idle.delete(process))
    process.unref()
    process.channel?.unref()
  }
}

/** Those of this process. */
export const calculations = new Calculations()
