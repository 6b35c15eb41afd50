/**
 * How evaluators read an output and an expected output: docs/evaluators.md has the rules. All of them read through this
 * file, so that a value is the same to each.
 */
import { Big } from 'big.js'
import { canonicalJson } from '../domain/json/canonical-json.ts'
import { isExact, normalDecimal } from '../domain/json/exact-number.ts'
import type { Json } from '../domain/json/json.ts'

/**
 * No stored text has this character, so that a number that a double cannot hold is a text that no other value equals:
 * 9007199254740993 and 9007199254740992 are different.
 */
const exactMark = '\0'

const exactNumber = /^\0(-?\d+e-?\d+)$/
const exactNumberInJson = /"\\u0000(-?\d+e-?\d+)"/g

/** The JSON in a text, which may be in a fence; undefined when it is none. */
export function jsonIn(text: string): Json | undefined {
  try {
    return JSON.parse(unfenced(text.trim()), (_key, value: unknown, context?: { source?: string }) => {
      const source = context?.source
      if (typeof value !== 'number' || source === undefined || isExact(source, value)) return value
      return exactMark + normalDecimal(source)
    }) as Json
  } catch {
    return undefined
  }
}

/**
 * What is in a text that is a whole Markdown fence, without language or as JSON; any other text as it is. Without a
 * pattern, because one that looks for the end from everywhere takes a minute for a long text of spaces.
 */
function unfenced(text: string): string {
  const [opening] = /^(?:`{3,}|~{3,})/.exec(text) ?? []
  if (opening === undefined) return text
  let end = text.length
  while (text[end - 1] === opening[0]) end -= 1
  if (end <= opening.length || text.length - end < opening.length) return text
  return text
    .slice(opening.length, end)
    .replace(/^[ \t]*json[c5l]?(?=[\s{["])/i, '')
    .trim()
}

/** The value, and if it is a text that is JSON, what that says. */
export function readingsOf(value: Json): Json[] {
  const inside = typeof value === 'string' ? jsonIn(value) : undefined
  return inside === undefined ? [value] : [value, inside]
}

/** The value, or if it is a text that is a JSON object or list, that. */
export function structureOf(value: Json): Json {
  if (typeof value !== 'string') return value
  const inside = jsonIn(value)
  return typeof inside === 'object' && inside !== null ? inside : value
}

/**
 * The value with every number that a double cannot hold as the double below it, and with the doubles above: what holds of
 * such a number holds of both. Only the value where there is none.
 */
export function withDoubles(value: Json): Json[] {
  const below = withNumbers(value, (decimal) => around(decimal)[0])
  return below === value ? [value] : [below, withNumbers(value, (decimal) => around(decimal)[1])]
}

/** The same value where no number is replaced. */
function withNumbers(value: Json, replace: (decimal: string) => number): Json {
  if (typeof value === 'string') {
    const [, decimal] = exactNumber.exec(value) ?? []
    return decimal === undefined ? value : replace(decimal)
  }
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).map(([key, member]) => [key, withNumbers(member, replace), member] as const)
  if (entries.every(([, replaced, member]) => replaced === member)) return value
  return Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries)
}

/** The doubles between which a number is that no double is. */
function around(decimal: string): [below: number, above: number] {
  const nearest = Number(decimal)
  if (!Number.isFinite(nearest)) return [nearest, nearest]
  return new Big(decimal).gt(nearest) ? [nearest, neighbour(nearest, 1n)] : [neighbour(nearest, -1n), nearest]
}

/** The next double, upwards or downwards. */
function neighbour(value: number, step: 1n | -1n): number {
  if (value === 0) return Number(step) * Number.MIN_VALUE
  const bits = new BigInt64Array(new Float64Array([value]).buffer)
  bits[0] = (bits[0] ?? 0n) + (value > 0 ? step : -step)
  return new Float64Array(bits.buffer)[0] ?? value
}

/** A value as one text: a text as it is, everything else as canonical JSON. */
export function textOf(value: Json): string {
  if (typeof value === 'string') return plain(value)
  return canonicalJson(value).replaceAll(exactNumberInJson, (_marked, decimal: string) => written(decimal))
}

/** What a text can be looked for in: the texts inside a value, one a line. */
export function searchable(value: Json): string {
  return textsIn(value).join('\n')
}

/** The texts, numbers and booleans inside a value, in order; null has none. */
export function textsIn(value: Json): string[] {
  if (value === null) return []
  if (typeof value === 'string') return [plain(value)]
  if (typeof value !== 'object') return [String(value)]
  return Object.values(value).flatMap(textsIn)
}

function plain(text: string): string {
  const [, decimal] = exactNumber.exec(text) ?? []
  return decimal === undefined ? text : written(decimal)
}

/** As JSON.stringify writes numbers. */
function written(decimal: string): string {
  return new Big(decimal).toString()
}
