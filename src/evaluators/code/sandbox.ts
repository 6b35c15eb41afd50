/**
 * JavaScript of users in QuickJS: no clock finer than 1 ms, no I/O, nothing of Node. Every evaluation begins with a runtime
 * that nobody has used: the memory of a new one is kept as it was, and put back before each evaluation, which takes a
 * tenth of the time of making one. So nothing that one leaves behind is seen by the next, and all of them together have a
 * memory with a fixed maximum. What cannot be interrupted, such as a pattern that never ends, is ended with its process
 * (`calculations`).
 */
import release from '@jitl/quickjs-wasmfile-release-sync'
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSSyncVariant,
} from 'quickjs-emscripten-core'
import { excerpt } from '../../domain/excerpt.ts'
import type { Json } from '../../domain/json/json.ts'

/** Why code gave no result. The line is that of the code, where it is known. */
export class CodeError extends Error {
  readonly line: number | null

  constructor(message: string, line: number | null = null) {
    super(line === null ? message : `${message} (line ${line})`)
    this.name = 'CodeError'
    this.line = line
  }
}

// Its types say that it is a module of CommonJS, which it is not for Node.
const variant = release as unknown as QuickJSSyncVariant

const pageBytes = 65_536
/** As the module is built for. */
const initialBytes = 16 * 1024 * 1024
export const maxCodeMb = 64
const maxStackBytes = 256 * 1024
const maxResultCharacters = 1_000_000

/** Bytes of a memory, and where they were. */
interface Kept {
  at: number
  bytes: Uint8Array
}

/** A runtime that nobody has used, and how it is made one again. */
interface Sandbox {
  memory: WebAssembly.Memory
  /** What the memory of a new one has. */
  fresh: readonly Kept[]
  context: QuickJSContext
  /** What the host needs of the language, taken before code can change it. */
  parse: QuickJSHandle
  write: QuickJSHandle
  seed: QuickJSHandle
  /** When the evaluation has to end, in milliseconds of performance.now, and whether it was ended then. */
  limit: { until: number; expired: boolean }
}

let loaded: Sandbox | null = null

async function load(): Promise<Sandbox> {
  loaded ??= await makeSandbox()
  return loaded
}

async function makeSandbox(): Promise<Sandbox> {
  const maximum = (initialBytes + maxCodeMb * 1024 * 1024) / pageBytes
  const memory = new WebAssembly.Memory({ initial: initialBytes / pageBytes, maximum })
  const module = await newQuickJSWASMModuleFromVariant(newVariant(variant, { wasmMemory: memory }))
  const limit = { until: Infinity, expired: false }
  const runtime = module.newRuntime()
  runtime.setMemoryLimit(maxCodeMb * 1024 * 1024)
  runtime.setMaxStackSize(maxStackBytes)
  runtime.setInterruptHandler(() => {
    limit.expired ||= performance.now() > limit.until
    return limit.expired
  })
  const context = runtime.newContext()
  const taken = run(context, prelude, 'assay')
  const [parse, write, seed] = [0, 1, 2].map((index) => context.getProp(taken, index)) as [
    QuickJSHandle,
    QuickJSHandle,
    QuickJSHandle,
  ]
  return { memory, fresh: keep(new Uint8Array(memory.buffer)), context, parse, write, seed, limit }
}

/**
 * Everything that a program can find in a memory, from its beginning to its last byte that is not 0. Its longest stretch of
 * zeros, most of what it has reserved for the stack, is left out, and so is what was never given to anybody: both are written
 * before they are read.
 */
function keep(memory: Uint8Array): Kept[] {
  const end = memory.findLastIndex((byte) => byte !== 0) + 1
  let gap = { from: end, to: end }
  for (let from = 0, at = 0; at <= end; at += 1) {
    if (at < end && memory[at] === 0) continue
    if (at - from > gap.to - gap.from) gap = { from, to: at }
    from = at + 1
  }
  return [
    { at: 0, bytes: memory.slice(0, gap.from) },
    { at: gap.to, bytes: memory.slice(gap.to, end) },
  ]
}

/** Code as it is called. */
export interface CodeCall {
  /** A script. */
  code: string
  /** An expression, evaluated after the script, of the function that is called. */
  entry: string
  argument: Json
  /** In milliseconds. */
  timeoutMs: number
}

/**
 * What the function returns: numbers that JSON lacks (NaN, infinities) and undefined are kept.
 * @throws {CodeError}
 */
export async function callCode(call: CodeCall): Promise<unknown> {
  const sandbox = await load()
  let intact = false
  try {
    const result = callIn(sandbox, call)
    intact = isIntact(sandbox)
    return result
  } catch (error) {
    if (!(error instanceof CodeError)) throw new CodeError(`The code ended its sandbox: ${(error as Error).message}`)
    intact = isIntact(sandbox)
    throw error
  } finally {
    // What it has grown by is never given back.
    if (!intact) loaded = null
  }
}

function isIntact({ memory }: Sandbox): boolean {
  return memory.buffer.byteLength === initialBytes
}

/** Handles are never freed: what they stand for is gone when the memory is put back. */
function callIn({ memory, fresh, context, limit, ...taken }: Sandbox, call: CodeCall): unknown {
  const { code, entry, argument, timeoutMs } = call
  const bytes = new Uint8Array(memory.buffer)
  for (const kept of fresh) bytes.set(kept.bytes, kept.at)
  Object.assign(limit, { until: performance.now() + timeoutMs, expired: false })
  try {
    callFunction(context, taken.seed, context.newNumber(Math.random()), context.newNumber(Math.random()))
    const called = run(context, `${code}\n;(${entry})`, fileName)
    const item = callFunction(context, taken.parse, context.newString(JSON.stringify(argument)))
    const returned = callFunction(context, called, item)
    context.runtime.executePendingJobs()
    const written = callFunction(context, taken.write, settled(context, returned))
    return revived(context.getString(written))
  } catch (error) {
    if (limit.expired) throw new CodeError(`Expected a result within ${timeoutMs} ms, got none.`)
    throw error
  }
}

const fileName = 'code.js'

/**
 * A reader and a writer of JSON; the writer has what JSON lacks as texts that begin with a character which no stored text
 * has. The engine's clock in fractions of milliseconds is taken away, and its random numbers, which would be the same in
 * every evaluation, are those of xoshiro128** with a seed for each.
 */
const prelude = `delete globalThis.performance; [JSON.parse, (({ JSON: { stringify }, String: text }) => (value) =>
  stringify([value], (_key, member) =>
    typeof member === 'number' && (member !== member || member === Infinity || member === -Infinity)
      ? '\\0' + text(member)
      : member === undefined || typeof member === 'function' || typeof member === 'symbol' ? '\\0undefined'
      : typeof member === 'bigint' ? '\\0' + text(member) + 'n' : member))(globalThis),
  (() => {
    let a = 1, b = 2, c = 3, d = 4
    const next = () => {
      const scrambled = b * 5 | 0
      const result = (scrambled << 7 | scrambled >>> 25) * 9 >>> 0
      const shifted = b << 9
      c ^= a; d ^= b; b ^= c; a ^= d; c ^= shifted; d = d << 11 | d >>> 21
      return result
    }
    Math.random = { random() { return ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992 } }.random
    return (one, other) => {
      a = one * 4294967296 | 0; b = one * 9007199254740992 | 0
      c = other * 4294967296 | 0; d = other * 9007199254740992 | 1
      for (let round = 0; round < 8; round += 1) next()
    }
  })()]`

function revived(text: string): unknown {
  if (text.length > maxResultCharacters) {
    throw new CodeError(
      `Expected a result of at most ${maxResultCharacters.toLocaleString('en')} characters, got more.`,
    )
  }
  const [value] = JSON.parse(text, (_key, member: unknown) => {
    if (typeof member !== 'string' || !member.startsWith('\0')) return member
    const name = member.slice(1)
    if (name === 'undefined') return undefinedMark
    return name.endsWith('n') ? BigInt(name.slice(0, -1)) : Number(name)
  }) as [unknown]
  return withoutMarks(value)
}

/** A reviver that returns undefined removes the member, and an element of a list must stay. */
const undefinedMark = Symbol('undefined')

function withoutMarks(value: unknown): unknown {
  if (value === undefinedMark) return undefined
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withoutMarks)
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutMarks(member)]))
}

/** The result of a promise. @throws {CodeError} it is rejected, or waits for something that never comes */
function settled(context: QuickJSContext, handle: QuickJSHandle): QuickJSHandle {
  const state = context.getPromiseState(handle)
  if (state.type === 'fulfilled') return state.notAPromise ? handle : state.value
  if (state.type === 'rejected') throw codeError(context, state.error)
  throw new CodeError('Expected a result, got a promise that nothing fulfills: code has nothing to wait for.')
}

function run(context: QuickJSContext, code: string, name: string): QuickJSHandle {
  return unwrapped(context, context.evalCode(code, name))
}

function callFunction(context: QuickJSContext, called: QuickJSHandle, ...given: QuickJSHandle[]): QuickJSHandle {
  return unwrapped(context, context.callFunction(called, context.undefined, ...given))
}

function unwrapped(context: QuickJSContext, outcome: ReturnType<QuickJSContext['evalCode']>): QuickJSHandle {
  if (!outcome.error) return outcome.value
  throw codeError(context, outcome.error)
}

function codeError(context: QuickJSContext, handle: QuickJSHandle): CodeError {
  const thrown: unknown = context.dump(handle)
  // There was no memory left for an error.
  if (thrown === null) return new CodeError(`InternalError: out of memory, of which there are ${maxCodeMb} MB`)
  if (typeof thrown !== 'object' || thrown === null) return new CodeError(`The code threw ${excerpt(String(thrown))}.`)
  const { name, message, stack } = thrown as Record<string, unknown>
  const line = new RegExp(`${fileName.replace('.', '\\.')}:(\\d+)`).exec(String(stack))?.[1]
  const said = `${typeof name === 'string' ? name : 'Error'}: ${excerpt(String(message), 2_000)}`
  return new CodeError(said, line === undefined ? null : Number(line))
}
