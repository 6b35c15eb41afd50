/**
 * The function hosts of a worker. A call goes to the host that has the fewest. When a host dies, its calls were perhaps
 * the cause: each is made again alone, in a fresh process, and only one that dies there is to blame for it.
 */
import { availableParallelism } from 'node:os'
import type { Logger } from 'pino'
import { type Clock, systemClock } from '../domain/clock.ts'
import { messageOf } from '../domain/errors.ts'
import type { Evaluation, EvaluationInput } from '../domain/evaluation.ts'
import type { CallSubject } from '../domain/execution/call-subject.ts'
import {
  type EvaluatorCall,
  type Functions,
  FunctionsUnavailableError,
  noFunctions,
  type RegisteredFunction,
  type RegisteredFunctions,
  registeredFunctions,
} from '../domain/execution/functions.ts'
import { type TaskCall, TaskError, type TaskItem, type TaskResult } from '../domain/execution/task.ts'
import { onAbort } from '../domain/listeners.ts'
import { ConfigRefusedError, FunctionHost, HostDeath, type HostOptions } from './host.ts'
import { Places } from './places.ts'
import type { Answer, Request } from './protocol.ts'

export interface HostPoolOptions {
  /** Absolute path of the config file; null: there are no functions. */
  config: string | null
  /** Processes that share the calls; default: one less than there are cores, at least 1. */
  hosts?: number
  /** Memory of one process, in MB; default 1,024. */
  memoryMb?: number
  log: Logger
  /** Called when functions come or go, or what is wrong changes. */
  onChange?: () => void
  /** Default: the system's. */
  clock?: Clock
}

/** The pauses before a host is started again, in milliseconds: the first death may have been bad luck. */
const restartMs = [0, 500, 1_000, 2_000, 5_000, 10_000]
/** A host that lived this long starts the count again. */
const healthyMs = 30_000

export class HostPool implements Functions {
  readonly #options: HostPoolOptions
  readonly #clock: Clock
  readonly #size: number
  readonly #hosts = new Set<FunctionHost>()
  /** Calls that wait for a host to be there. */
  readonly #waiting = new Set<(host: FunctionHost | Error) => void>()
  /** For calls that have a process each. */
  readonly #alone: Places
  readonly #lives: Promise<void>[] = []
  readonly #stopped = Promise.withResolvers<void>()
  readonly #decided = Promise.withResolvers<void>()
  #ready: FunctionHost[] = []
  #registered = noFunctions
  /** What the first host had: a config that changes afterwards is another one. */
  #original: string | null = null
  #problem: string | null = null
  #stopping = false
  /** Processes that have died since the start. */
  deaths = 0

  constructor(options: HostPoolOptions) {
    const cores = availableParallelism()
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#size = options.config === null ? 0 : (options.hosts ?? Math.max(1, cores - 1))
    this.#alone = new Places(Math.max(2, cores))
    if (this.#size === 0) this.#decided.resolve()
  }

  get registered(): RegisteredFunctions {
    return this.#registered
  }

  /** Why the functions of the config cannot be called, as a sentence; null while they can. */
  get problem(): string | null {
    return this.#problem
  }

  /** Processes alive, those for a single call included. */
  get size(): number {
    return this.#hosts.size
  }

  /** Calls in progress. */
  get calls(): number {
    let calls = 0
    for (const host of this.#hosts) calls += host.calls
    return calls
  }

  /** Starts the hosts. @returns when the config has been loaded, or refused */
  start(): Promise<void> {
    for (let n = 0; n < this.#size; n += 1) this.#lives.push(this.#keepAlive())
    return this.#decided.promise
  }

  /** Ends all hosts; calls that have not ended fail. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#stopped.resolve()
    this.#withdraw('This worker is stopping.')
    await Promise.all([...this.#hosts].map((host) => host.stop()))
    await Promise.all(this.#lives)
  }

  async callTask(name: string, item: TaskItem, call: TaskCall): Promise<TaskResult> {
    const { timeoutMs, traceparent, signal, alone = false, subject } = call
    const request: Request = { kind: 'TASK', name, item, timeoutMs, traceparent }
    try {
      return (await this.#call(request, subject, signal, alone)) as TaskResult
    } catch (error) {
      throw error instanceof HostDeath ? crash(error, alone) : error
    }
  }

  async evaluate(
    module: string,
    scoreName: string,
    item: EvaluationInput,
    { timeoutMs, signal, subject }: EvaluatorCall,
  ): Promise<Evaluation[]> {
    const request: Request = { kind: 'EVALUATOR', name: module, scoreName, item, timeoutMs }
    const call = async (alone: boolean) => (await this.#call(request, subject, signal, alone)) as Evaluation[]
    try {
      return await call(false)
    } catch (error) {
      if (!(error instanceof HostDeath)) throw error
      // The task has been paid for: only the evaluator is called again.
      return call(true).catch((error) => {
        throw error instanceof HostDeath ? crash(error, true) : error
      })
    }
  }

  async #call(
    request: Request,
    subject: CallSubject | undefined,
    signal: AbortSignal,
    alone: boolean,
  ): Promise<Answer> {
    if (this.#size === 0) throw this.#unavailable()
    if (alone) return this.#callAlone(request, subject, signal)
    const host = this.#leastBusy() ?? (await this.#nextHost(signal))
    return host.call(request, subject, signal)
  }

  async #callAlone(request: Request, subject: CallSubject | undefined, signal: AbortSignal): Promise<Answer> {
    await this.#alone.acquire(signal)
    let host: FunctionHost | null = null
    try {
      try {
        host = this.#spawn()
        await this.#loadFor(host, signal)
      } catch (error) {
        signal.throwIfAborted()
        throw this.#withoutHost(error)
      }
      return await host.call(request, subject, signal)
    } finally {
      await host?.stop()
      this.#alone.release()
    }
  }

  /** Gives up when the signal aborts. */
  async #loadFor(host: FunctionHost, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const ignoreAbort = onAbort(signal, () => void host.stop())
    await this.#load(host).finally(ignoreAbort)
  }

  /** What a call is told that gets no process, which says nothing about its function. */
  #withoutHost(error: unknown): FunctionsUnavailableError {
    if (!(error instanceof ConfigRefusedError)) {
      return new FunctionsUnavailableError(`A process for functions does not start: ${messageOf(error)}.`)
    }
    this.#withdraw(error.message)
    // The shared hosts load the config again until it can be used.
    for (const host of this.#ready) host.kill('it has functions of a config that has changed')
    return this.#unavailable()
  }

  #leastBusy(): FunctionHost | undefined {
    let best: FunctionHost | undefined
    for (const host of this.#ready) if (host.usable && (!best || host.calls < best.calls)) best = host
    return best
  }

  /** Waits while hosts are started again. */
  #nextHost(signal: AbortSignal): Promise<FunctionHost> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      if (this.#problem !== null) return reject(this.#unavailable())
      const settle = (host: FunctionHost | Error) => {
        this.#waiting.delete(settle)
        signal.removeEventListener('abort', onAbort)
        if (host instanceof Error) reject(host)
        else resolve(host)
      }
      const onAbort = () => settle(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(settle)
    })
  }

  #unavailable(): FunctionsUnavailableError {
    return new FunctionsUnavailableError(this.#problem ?? 'This worker has no assay.config.ts.')
  }

  /** @throws {HostDeath} it cannot be started */
  #spawn(): FunctionHost {
    const { config, memoryMb = 1_024, log } = this.#options
    const host = new FunctionHost({ config: config as string, memoryMb, log, clock: this.#clock } satisfies HostOptions)
    this.#hosts.add(host)
    void host.ended.then((reason) => {
      this.#hosts.delete(host)
      if (reason !== null) this.deaths += 1
    })
    return host
  }

  /** One of the shared hosts, for as long as the pool is not stopped. */
  async #keepAlive(): Promise<void> {
    for (let failures = 0; !this.#stopping; failures += 1) {
      const startedAt = this.#clock.now()
      let host: FunctionHost | null = null
      try {
        host = this.#spawn()
        await this.#load(host)
        this.#offer(host)
        await Promise.race([host.ended, this.#stopped.promise])
      } catch (error) {
        // A config that cannot be used now may be mended, and is then loaded by the next attempt.
        if (error instanceof ConfigRefusedError) this.#withdraw(error.message)
      }
      this.#ready = this.#ready.filter((other) => other !== host)
      await host?.stop()
      this.#decided.resolve()
      if (this.#clock.now() - startedAt > healthyMs) failures = 0
      await this.#pause(restartMs[Math.min(failures, restartMs.length - 1)] ?? 0)
    }
  }

  /**
   * Waits until the host has loaded the config.
   * @throws {ConfigRefusedError} it is broken, or not the one that this pool began with
   * @throws {HostDeath}
   */
  async #load(host: FunctionHost): Promise<void> {
    const functions = await host.loaded
    const identity = JSON.stringify(functions)
    this.#original ??= identity
    if (identity !== this.#original) {
      throw new ConfigRefusedError(
        `${this.#options.config} has changed since this worker started: restart it to use the new functions.`,
      )
    }
    this.#register(functions)
  }

  #register(functions: RegisteredFunction[]): void {
    const changed = this.#problem !== null || this.#registered === noFunctions
    this.#problem = null
    if (!changed) return
    this.#registered = registeredFunctions(functions)
    this.#options.onChange?.()
  }

  #offer(host: FunctionHost): void {
    this.#ready.push(host)
    this.#decided.resolve()
    for (const settle of [...this.#waiting]) settle(host)
  }

  /** Takes the functions away until the config can be used again. */
  #withdraw(problem: string): void {
    if (this.#problem === problem) return
    this.#problem = problem
    if (!this.#stopping) this.#options.log.error(problem)
    this.#registered = noFunctions
    for (const settle of [...this.#waiting]) settle(this.#unavailable())
    this.#options.onChange?.()
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#clock.after(ms, resolve)
    await Promise.race([promise, this.#stopped.promise])
    cancel()
  }
}

/** Only a call that was alone is to blame for the death of its process. */
function crash(death: HostDeath, alone: boolean): TaskError {
  const message = alone
    ? `The function ended its process, in which it was alone: ${death.message}.`
    : `The process of the function ended, with ${death.others} other calls in it: ${death.message}. This call is repeated alone.`
  return new TaskError('TASK_CRASHED', message, { retryable: true, excused: !alone, cause: death })
}
