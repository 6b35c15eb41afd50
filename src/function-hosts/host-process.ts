/**
 * A function host: a process that loads a config and calls its functions for a worker, which is at the other end of file
 * descriptor 3. `node host-process.ts <config file>`. It ends with its worker, and with any error that nobody caught:
 * what such an error leaves behind is not known.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Socket } from 'node:net'
import { messageOf } from '../domain/errors.ts'
import { TaskError } from '../domain/execution/task.ts'
import { Channel } from './channel.ts'
import { loadConfig } from './load-config.ts'
import { LocalFunctions } from './local-functions.ts'
import type { Answer, Failure, FromHost, Request, ToHost } from './protocol.ts'

/** The longest answer, in characters. */
const maxAnswer = 64 * 1024 * 1024
/** Functions that compute take turns with everything else after this many milliseconds. */
const turnMs = 10
/** What is printed beyond this many characters a second is dropped. */
const maxPrinted = 256 * 1024
const maxPrintedAtOnce = 10_000

const socket = new Socket({ fd: 3 })
const channel = new Channel<ToHost>(socket, receive, () => process.exit(1))
const callOf = new AsyncLocalStorage<number>()
/** By number; none where it was not called. */
const running: (AbortController | undefined)[] = []
let waiting: { id: number; call: Request }[] = []
/** Whether the calls that wait will be started. */
let scheduled = false
/** Of this turn: when an error is not caught in it, they may be of the call that failed. */
let answers: string[] = []
let functions: LocalFunctions

// The worker decides when its hosts end; a Ctrl-C reaches them too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
socket.on('error', () => process.exit(1)).on('close', () => process.exit(0))
process.on('uncaughtException', die).on('unhandledRejection', die)
forwardPrinted()

try {
  const { modules, hash } = await loadConfig(process.argv[2] ?? '')
  functions = new LocalFunctions(modules, hash)
  const { tasks, evaluators } = functions.registered
  say({ loaded: [...tasks.values(), ...evaluators.values()] })
} catch (error) {
  say({ refused: messageOf(error) })
}

function say(message: FromHost): void {
  channel.send(JSON.stringify(message))
}

function receive(message: ToHost): void {
  if ('abort' in message) {
    abort(message.id)
    return
  }
  waiting.push(message)
  if (scheduled) return
  scheduled = true
  queueMicrotask(work)
}

/** Each call is answered, also one that nobody waits for any more: only then is its number free. */
function abort(id: number): void {
  const isWaiting = waiting.some((call) => call.id === id)
  waiting = waiting.filter((call) => call.id !== id)
  if (isWaiting) reply(JSON.stringify({ id, failure: failureOf(new Error('It was aborted.')) } satisfies FromHost))
  else running[id]?.abort()
}

/** Starts the calls that wait. Between functions that compute for long, answers get out and aborts get in. */
function work(): void {
  const until = performance.now() + turnMs
  while (waiting.length > 0) {
    const next = waiting.shift()
    if (next) void run(next.id, next.call)
    if (performance.now() > until && waiting.length > 0) {
      setImmediate(work)
      return
    }
  }
  scheduled = false
}

async function run(id: number, call: Request): Promise<void> {
  const controller = new AbortController()
  running[id] = controller
  try {
    const answer = await callOf.run(id, () => execute(call, controller.signal))
    const text = JSON.stringify({ id, answer } satisfies FromHost)
    if (text.length > maxAnswer) throw tooLarge(text.length)
    reply(text)
  } catch (error) {
    const failure = error instanceof RangeError ? tooLarge(null) : error
    reply(JSON.stringify({ id, failure: failureOf(failure) } satisfies FromHost))
  }
  running[id] = undefined
}

async function execute(call: Request, signal: AbortSignal): Promise<Answer> {
  const { timeoutMs } = call
  if (call.kind === 'EVALUATOR') {
    return functions.evaluate(call.name, call.scoreName, call.item, { signal, timeoutMs })
  }
  const startedAt = performance.now()
  const result = await functions.callTask(call.name, call.item, { signal, timeoutMs, traceparent: call.traceparent })
  return { ...result, latencyMs: performance.now() - startedAt }
}

function reply(text: string): void {
  answers.push(text)
  if (answers.length > 1) return
  setImmediate(() => {
    for (const answer of answers) channel.send(answer)
    answers = []
    void channel.flush()
  })
}

function tooLarge(length: number | null): TaskError {
  const got = length === null ? 'more' : `${Math.round(length / 1_000_000)} MB`
  const message = `Expected an answer of at most ${maxAnswer / 1024 / 1024} MB as JSON, got ${got}.`
  return new TaskError('RESPONSE_TOO_LARGE', message, { retryable: false })
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof TaskError)) {
    const message = messageOf(error)
    return { code: null, message, retryable: false, retryAfterMs: null, overloaded: false, spent: null }
  }
  const { code, message, retryable, retryAfterMs, overloaded, spent } = error
  return { code, message, retryable, retryAfterMs, overloaded, spent }
}

/** Without the answers of this turn: their calls are made again, alone, and show which of them it was. */
function die(error: unknown): void {
  const uncaught = error instanceof Error ? (error.stack ?? error.message) : `threw ${messageOf(error)}`
  answers = []
  say({ id: callOf.getStore() ?? null, uncaught: uncaught.slice(0, 4_000) })
  void channel.flush().then(() => process.exit(1))
  setTimeout(() => process.exit(1), 1_000)
}

/** What functions print goes to the worker's log, with the call that printed it. */
function forwardPrinted(): void {
  let printed = 0
  let dropped = 0
  setInterval(() => {
    if (dropped > 0) say({ id: null, printed: `… ${dropped} more lines were printed too fast.`, stream: 'stderr' })
    printed = 0
    dropped = 0
  }, 1_000).unref()
  for (const stream of ['stdout', 'stderr'] as const) {
    const write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
      printed += text.length
      if (printed > maxPrinted) dropped += 1
      else if (text.trim() !== '') {
        say({ id: callOf.getStore() ?? null, printed: text.trimEnd().slice(0, maxPrintedAtOnce), stream })
      }
      const written = rest.find((argument) => typeof argument === 'function')
      if (written) process.nextTick(written as () => void)
      return true
    }
    process[stream].write = write
  }
}
