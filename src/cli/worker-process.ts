/**
 * The worker process beside a server: it executes the runs, so that the server answers whatever they do. It is started
 * again when it dies, and ends with the server.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { type Clock, systemClock } from '../domain/clock.ts'
import { CliError } from './cli-error.ts'
import type { FromWorker, ProcessMetrics, ToWorker, WorkerSettings } from './worker-messages.ts'

type Start = Extract<ToWorker, { start: unknown }>['start']
type Ready = Extract<FromWorker, { ready: unknown }>['ready']

const program = fileURLToPath(new URL('worker-main.ts', import.meta.url))
/** The threads that help to collect garbage would wait for each other, as they get no turn beside the server's. */
const oneCollector = '--single-threaded-gc'
/** The pauses before it is started again, in milliseconds. */
const restartMs = [500, 1_000, 2_000, 5_000, 10_000]
/** A worker that lived this long starts the count again. */
const healthyMs = 60_000
/** After this it is killed: draining takes 10 s, and writing what was interrupted 3 s. */
const stopMs = 15_000
const metricsMs = 1_500

export class WorkerProcess {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #ready = Promise.withResolvers<Ready>()
  readonly #asked = new Map<number, (metrics: ProcessMetrics | null) => void>()
  #start: Start | null = null
  #child: ChildProcess
  #startedAt: number
  #failures = 0
  #lastAsked = 0
  #cancelRestart: (() => void) | null = null
  #stopping: Promise<void> | null = null
  #fetchedAt = -Infinity

  /** Starts the process, which loads its code while the server prepares the database. */
  constructor(log: Logger, clock: Clock = systemClock) {
    this.#log = log
    this.#clock = clock
    this.#ready.promise.catch(() => {})
    this.#startedAt = clock.now()
    this.#child = this.#fork()
  }

  /** When it last asked for lanes, in milliseconds of performance.now. */
  get fetchedAt(): number {
    return this.#fetchedAt
  }

  /** Lets it work. @returns its functions @throws {CliError} it cannot */
  start(settings: WorkerSettings & { databaseUrl: string }): Promise<Ready> {
    this.#start = { ...settings, logLevel: this.#log.level as Start['logLevel'] }
    this.#say({ start: this.#start })
    return this.#ready.promise
  }

  /** Its metrics; null when it does not answer. */
  async metrics(): Promise<ProcessMetrics | null> {
    if (this.#stopping || !this.#child.connected) return null
    this.#lastAsked += 1
    const asked = this.#lastAsked
    const { promise, resolve } = Promise.withResolvers<ProcessMetrics | null>()
    const cancel = this.#clock.after(metricsMs, () => resolve(null))
    this.#asked.set(asked, resolve)
    this.#say({ metrics: asked })
    const metrics = await promise
    cancel()
    this.#asked.delete(asked)
    return metrics
  }

  /** Lets it drain. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#cancelRestart?.()
    const child = this.#child
    // Without a process there is never an exit.
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const { promise, resolve } = Promise.withResolvers<void>()
    child.once('exit', () => resolve())
    this.#say({ stop: true })
    const cancel = this.#clock.after(stopMs, () => child.kill('SIGKILL'))
    await promise
    cancel()
  }

  #fork(): ChildProcess {
    const execArgv = [...process.execArgv.filter((flag) => !flag.startsWith('--inspect')), oneCollector]
    // A session of its own has a priority of its own.
    const child = fork(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv, detached: true })
    child.on('message', (message: FromWorker) => this.#receive(message))
    child.once('error', (error) => this.#ended(`does not start: ${error.message}`))
    child.once('exit', (code, signal) => this.#ended(signal ? `was ended by ${signal}` : `exited with code ${code}`))
    return child
  }

  #say(message: ToWorker): void {
    // It may be gone, which its exit tells.
    if (this.#child.connected) this.#child.send(message, () => {})
  }

  #receive(message: FromWorker): void {
    if ('ready' in message) {
      this.#fetchedAt = performance.now()
      this.#ready.resolve(message.ready)
    } else if ('failed' in message) this.#ready.reject(new CliError(message.failed))
    else if ('fetchedAgoMs' in message) this.#fetchedAt = performance.now() - message.fetchedAgoMs
    else this.#asked.get(message.answers)?.(message.metrics)
  }

  #ended(how: string): void {
    if (this.#stopping || this.#cancelRestart) return
    if (this.#clock.now() - this.#startedAt > healthyMs) this.#failures = 0
    const delayMs = restartMs[Math.min(this.#failures, restartMs.length - 1)] ?? 0
    this.#failures += 1
    this.#ready.reject(new CliError(`The worker process ${how} before it was ready.`))
    this.#log.error(`The worker process ${how}; it is started again. Its items are taken over after 10 s at most.`)
    this.#cancelRestart = this.#clock.after(delayMs, () => {
      this.#cancelRestart = null
      this.#startedAt = this.#clock.now()
      this.#child = this.#fork()
      if (this.#start) this.#say({ start: this.#start })
    })
  }
}
