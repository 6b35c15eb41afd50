/**
 * The one reader of JSON text from outside: GraphQL requests, answers of endpoints, imports, texts that evaluators read.
 * Numbers are kept exactly or refused with their path, so that nothing is stored that was not sent.
 */
import { isExact } from './exact-number.ts'
import type { Json } from './json.ts'
import { findJsonError } from './json-error.ts'

/** A text that is not JSON, or with a number that a double cannot hold. */
export class JsonTextError extends Error {
  /** Characters from the start of the text. */
  readonly offset: number
  /** Of the number; empty where the text is not JSON, or is the number. */
  readonly path: readonly string[]
  readonly expected: string
  readonly got: string

  constructor({
    offset,
    path = [],
    expected,
    got,
  }: Pick<JsonTextError, 'offset' | 'expected' | 'got'> & { path?: readonly string[] }) {
    super(`${path.length > 0 ? `${path.join('.')}: ` : ''}expected ${expected}, got ${got}`)
    this.name = 'JsonTextError'
    this.offset = offset
    this.path = path
    this.expected = expected
    this.got = got
  }
}

/** A number that is not kept. */
interface InexactNumber {
  path: string[]
  source: string
}

export interface ReadJson {
  /** Numbers are rounded to doubles. */
  value: Json
  /** The first number in this part of the value that was rounded, with its path in the part; null if none was. */
  inexact: (part: Json) => InexactNumber | null
}

const expectedNumber = 'a number that a double can hold exactly (write it as a string to keep it)'

/** For an error. */
export function describeInexact({ source }: InexactNumber): { expected: string; got: string } {
  return { expected: expectedNumber, got: source.length > 80 ? `${source.slice(0, 79)}…` : source }
}

/** Only texts with long numbers or exponents can have one that is not kept. */
const suspicious = /\d[\d.]{15}|\d[eE]/

const none = () => null

/**
 * Reads a text of which only a part is kept, such as an answer with an output somewhere in it.
 * @throws {JsonTextError} when the text is not JSON
 */
export function readJsonLoosely(text: string): ReadJson {
  if (!suspicious.test(text)) return { value: parse(text), inexact: none }
  const rounded = new Map<object, Map<string, string>>()
  /** Of numbers that stand alone, as the whole value or as a part of it. */
  const sources = new Map<number, string>()
  const value = parse(text, function (this: object, key: string, member: unknown, context?: { source?: string }) {
    if (typeof member === 'number' && context?.source !== undefined && !isExact(context.source, member)) {
      const own = rounded.get(this) ?? new Map<string, string>()
      rounded.set(this, own.set(key, context.source))
      sources.set(member, context.source)
    }
    return member
  })
  if (sources.size === 0) return { value, inexact: none }
  return {
    value,
    inexact(part) {
      if (typeof part === 'number') return alone(part, sources)
      // A list that a path selected is not one of the text.
      const index = Array.isArray(part) && !rounded.has(part) ? part.findIndex((one) => sources.has(one as number)) : -1
      if (index >= 0)
        return { path: [String(index)], source: sources.get((part as number[])[index] as number) as string }
      return findInexact(part, rounded)
    },
  }
}

/**
 * Reads a text as a whole.
 * @throws {JsonTextError} when it is not JSON, or has a number that a double cannot hold
 */
export function readJson(text: string): Json {
  const { value, inexact } = readJsonLoosely(text)
  const found = inexact(value)
  if (!found) return value
  throw new JsonTextError({ offset: text.indexOf(found.source), path: found.path, ...describeInexact(found) })
}

type Reviver = (this: object, key: string, value: unknown, context?: { source?: string }) => unknown

function parse(text: string, reviver?: Reviver): Json {
  try {
    return JSON.parse(text, reviver) as Json
  } catch (error) {
    if (error instanceof RangeError) {
      throw new JsonTextError({
        offset: 0,
        expected: 'a less deeply nested value',
        got: 'one that is too deep to read',
      })
    }
    const found = findJsonError(text)
    throw found ? new JsonTextError(found) : error
  }
}

function alone(part: number, sources: ReadonlyMap<number, string>): InexactNumber | null {
  const source = sources.get(part)
  return source === undefined ? null : { path: [], source }
}

function findInexact(part: Json, rounded: ReadonlyMap<object, ReadonlyMap<string, string>>): InexactNumber | null {
  if (part === null || typeof part !== 'object') return null
  const own = rounded.get(part)
  for (const [key, member] of Object.entries(part)) {
    const source = own?.get(key)
    if (source !== undefined) return { path: [key], source }
    const inside = typeof member === 'object' ? findInexact(member, rounded) : null
    if (inside) return { path: [key, ...inside.path], source: inside.source }
  }
  return null
}
