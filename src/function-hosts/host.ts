/**
 * The worker's end of one function host: starts the process, passes calls to it, and kills it when it blocks or takes too
 * much memory. When it has died, all its calls fail with a HostDeath.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { type Clock, systemClock } from '../domain/clock.ts'
import { type CallSubject, logFields } from '../domain/execution/call-subject.ts'
import type { RegisteredFunction } from '../domain/execution/functions.ts'
import { TaskError } from '../domain/execution/task.ts'
import { onAbort } from '../domain/listeners.ts'
import { Calls } from './calls.ts'
import { Channel } from './channel.ts'
import { measureMs, residentBytes } from './memory.ts'
import type { Answer, Failure, FromHost, Request, ToHost } from './protocol.ts'

export interface HostOptions {
  /** Absolute path of the config file. */
  config: string
  /** Resident memory at which the process is killed, in MB; the heap gets half of it. */
  memoryMb: number
  log: Logger
  /** Default: the system's. */
  clock?: Clock
}

/** The process of a call has ended before the call. */
export class HostDeath extends Error {
  /** How many other calls it had. */
  readonly others: number

  constructor(reason: string, others: number) {
    super(reason)
    this.name = 'HostDeath'
    this.others = others
  }
}

/** The config does not load: trying again is of no use before it has changed. */
export class ConfigRefusedError extends Error {}

interface Pending {
  request: Request
  subject: CallSubject | undefined
  sentAt: number
  resolve: (answer: Answer) => void
  reject: (error: Error) => void
}

const program = fileURLToPath(new URL('host-process.ts', import.meta.url))
/** How long it may take to start and to load the config. */
const loadMs = 60_000
const checkMs = 100
/** A function that has not answered this long after its time limit blocks its process. */
const graceMs = 1_000
/** A host that is told to end may take this long. */
const endMs = 1_000
/** How much of what the process itself prints is kept, in characters: V8 explains there why it ends. */
const maxLastWords = 20_000

export class FunctionHost {
  /** Its functions, once it has loaded the config. Rejects with a ConfigRefusedError or a HostDeath. */
  readonly loaded: Promise<RegisteredFunction[]>
  /** Resolves with the reason when the process has ended, or null if it was told to. */
  readonly ended: Promise<string | null>
  readonly #options: HostOptions
  readonly #clock: Clock
  readonly #process: ChildProcess
  readonly #channel: Channel<FromHost>
  readonly #loading = Promise.withResolvers<RegisteredFunction[]>()
  readonly #pending = new Calls<Pending>()
  #heardAt: number
  #overdue = false
  #cancelCheck: (() => void) | null = null
  readonly #cancelLoadLimit: () => void
  #measuredAt = 0
  /** Why it ends, if that is known before it has. */
  #reason: string | null = null
  #lastWords = ''
  #stopping = false
  #dead = false

  /** @throws {HostDeath} its process cannot be started */
  constructor(options: HostOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#heardAt = this.#clock.now()
    this.#process = startProcess(options)
    const [, stdout, stderr, stream] = this.#process.stdio as unknown as [null, Duplex, Duplex, Duplex]
    for (const output of [stdout, stderr]) output.setEncoding('utf8').on('data', (text: string) => this.#hear(text))
    stream.on('error', () => {})
    this.#channel = new Channel<FromHost>(
      stream,
      (message) => this.#receive(message),
      (error) => this.kill(`it sent ${error.message}`),
    )
    this.loaded = this.#loading.promise
    const limit = `it did not load its config within ${loadMs / 1_000} s`
    this.#cancelLoadLimit = this.#clock.after(loadMs, () => this.kill(limit))
    // Whoever waits for it hears of the failure; it need not be anybody.
    this.loaded.catch(() => {})
    this.ended = new Promise((resolve) => {
      this.#process.once('error', (error) => resolve(this.#end(`its process cannot be started: ${error.message}`)))
      this.#process.once('close', (code, signal) => resolve(this.#end(this.#describe(code, signal))))
    })
  }

  /** Calls that it has not answered. */
  get calls(): number {
    return this.#pending.size
  }

  /** Whether it takes calls. */
  get usable(): boolean {
    return !this.#dead && !this.#stopping && this.#reason === null
  }

  /**
   * @param subject for the log
   * @throws {HostDeath}; what the function threw, as TaskError or Error; `signal.reason` when that aborted
   */
  call(request: Request, subject: CallSubject | undefined, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const ignoreAbort = onAbort(signal, () => {
        this.#say({ id, abort: true })
        reject(signal.reason)
      })
      const id = this.#pending.add({
        request,
        subject,
        sentAt: this.#clock.now(),
        resolve: (answer) => {
          ignoreAbort()
          resolve(answer)
        },
        reject: (error) => {
          ignoreAbort()
          reject(error)
        },
      })
      this.#say({ id, call: request })
      this.#watch()
    })
  }

  /** Ends the process at once. @param reason a sentence's second half: "it …" */
  kill(reason: string): void {
    this.#reason ??= reason
    this.#process.kill('SIGKILL')
  }

  /** Ends the process; calls that have not ended fail. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#process.stdio[3]?.destroy()
    const cancel = this.#clock.after(endMs, () => this.#process.kill('SIGKILL'))
    await this.ended
    cancel()
  }

  #say(message: ToHost): void {
    this.#channel.send(JSON.stringify(message))
  }

  #receive(message: FromHost): void {
    this.#heardAt = this.#clock.now()
    if ('answer' in message) this.#pending.take(message.id)?.resolve(message.answer)
    else if ('failure' in message) this.#pending.take(message.id)?.reject(errorOf(message.failure))
    else if ('loaded' in message) {
      this.#cancelLoadLimit()
      this.#loading.resolve(message.loaded)
    } else if ('refused' in message) {
      this.#cancelLoadLimit()
      this.#loading.reject(new ConfigRefusedError(message.refused))
    } else if ('printed' in message) {
      const { id, printed, stream } = message
      const level = stream === 'stdout' ? 'info' : 'warn'
      this.#options.log[level](this.#idsOf(id), `function: ${printed}`)
    } else {
      const [what = ''] = message.uncaught.split('\n', 1)
      this.#reason ??= `an error in it was caught by nobody: ${what}`
      this.#options.log.error(
        { ...this.#idsOf(message.id), stack: message.uncaught },
        'function host: an error was caught by nobody',
      )
    }
  }

  #idsOf(id: number | null): Record<string, string | number> {
    const subject = id === null ? undefined : this.#pending.get(id)?.subject
    return { ...(subject && logFields(subject)), pid: this.#process.pid ?? 0 }
  }

  #hear(text: string): void {
    this.#lastWords = (this.#lastWords + text).slice(-maxLastWords)
  }

  /** Looks at memory and time while it has calls. */
  #watch(): void {
    if (this.#cancelCheck || this.#dead) return
    this.#cancelCheck = this.#clock.after(checkMs, () => {
      this.#cancelCheck = null
      this.#check()
      if (this.#pending.size > 0) this.#watch()
    })
  }

  #check(): void {
    const now = this.#clock.now()
    if (now - this.#measuredAt >= measureMs) {
      this.#measuredAt = now
      void this.#measure()
    }
    const overdue = [...this.#pending].find(
      ({ request, sentAt }) => now - Math.max(sentAt, this.#heardAt) > request.timeoutMs + graceMs,
    )
    // Twice: after a pause of this process the first look comes before it has read what the host said meanwhile.
    if (overdue && this.#overdue) {
      const { timeoutMs } = overdue.request
      this.kill(`it blocked its event loop for longer than the time limit of ${timeoutMs} ms and a second more`)
    }
    this.#overdue = overdue !== undefined
  }

  async #measure(): Promise<void> {
    const { memoryMb } = this.#options
    const resident = (await residentBytes(this.#process.pid ?? 0)) ?? 0
    if (resident > memoryMb * 1024 * 1024) this.kill(`it used more than ${memoryMb} MB of memory`)
  }

  #describe(code: number | null, signal: NodeJS.Signals | null): string {
    if (this.#reason !== null) return this.#reason
    if (/heap out of memory|Reached heap limit/.test(this.#lastWords)) {
      return `its heap needed more than ${heapMb(this.#options.memoryMb)} MB`
    }
    return signal ? `its process was ended by ${signal}` : `its process exited with code ${code}`
  }

  #end(reason: string): string | null {
    this.#dead = true
    this.#cancelCheck?.()
    this.#cancelLoadLimit()
    const calls = [...this.#pending]
    this.#loading.reject(new HostDeath(reason, 0))
    for (const { reject } of calls) reject(new HostDeath(reason, calls.length - 1))
    if (this.#stopping) return null
    const ids = calls.slice(0, 20).map(({ subject }) => (subject ? logFields(subject) : {}))
    this.#options.log.warn(
      { pid: this.#process.pid, reason, calls: calls.length, ids, printed: this.#lastWords || undefined },
      'function host: its process has ended',
    )
    return reason
  }
}

/** @throws {HostDeath} */
function startProcess({ config, memoryMb, log }: HostOptions): ChildProcess {
  const { ASSAY_SECRET_KEY: _key, ASSAY_SECRET_KEY_FILE: _file, ...env } = process.env
  const flags = [...inheritedFlags(), `--max-old-space-size=${heapMb(memoryMb)}`]
  const started = spawn(process.execPath, [...flags, program, config], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env,
  })
  // Where no more files can be opened it has no streams; why is told by an event later.
  if (started.stdio !== undefined) return started
  started.on('error', () => {})
  const reason = 'its process cannot be started: this process can open no more files'
  log.warn({ reason }, 'function host: its process cannot be started')
  throw new HostDeath(reason, 0)
}

function heapMb(memoryMb: number): number {
  return Math.round(memoryMb / 2)
}

/** The flags of this process that make sense for another one. */
function inheritedFlags(): string[] {
  return process.execArgv.filter(
    (flag) => !/^--(inspect|max-old-space-size|single-threaded-gc|expose-gc|prof|cpu-prof|heap-prof)/.test(flag),
  )
}

function errorOf({ code, message, ...failure }: Failure): Error {
  return code === null ? new Error(message) : new TaskError(code, message, failure)
}
