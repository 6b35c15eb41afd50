/**
 * How evaluators read an output and an expected output: docs/evaluators.md has the rules. All of them read through this
 * file, so that a value is the same to each.
 */
import { canonicalJson } from '../domain/json/canonical-json.ts'
import { isExact, normalDecimal } from '../domain/json/exact-number.ts'
import type { Json } from '../domain/json/json.ts'

/** A text that is a whole Markdown fence, without language or as JSON. */
const fence = /^\s*(`{3,}|~{3,})[ \t]*(?:json[c5l]?)?[ \t]*\r?\n([\s\S]*?)\r?\n?[ \t]*\1\s*$/i

/**
 * No stored text has this character, so that a number that a double cannot hold is a text that no other value equals:
 * 9007199254740993 and 9007199254740992 are different.
 */
const exactMark = '\0'

/** The JSON in a text, which may be in a fence; undefined when it is none. */
export function jsonIn(text: string): Json | undefined {
  const inside = fence.exec(text)?.[2] ?? text
  try {
    return JSON.parse(inside, (_key, value: unknown, context?: { source?: string }) => {
      const source = context?.source
      if (typeof value !== 'number' || source === undefined || isExact(source, value)) return value
      return exactMark + normalDecimal(source)
    }) as Json
  } catch {
    return undefined
  }
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

/** With numbers that a double cannot hold rounded. */
export function withNumbers(value: Json): Json {
  if (typeof value === 'string') return value.startsWith(exactMark) ? Number(value.slice(1)) : value
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(withNumbers)
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withNumbers(member)]))
}

/** A value as one text: a text as it is, everything else as canonical JSON. */
export function textOf(value: Json): string {
  return typeof value === 'string' ? plain(value) : canonicalJson(value)
}

/** What a text can be looked for in: the texts and numbers inside a value, one a line; null has none. */
export function searchable(value: Json): string {
  if (value === null) return ''
  if (typeof value === 'string') return plain(value)
  if (typeof value !== 'object') return String(value)
  return Object.values(value)
    .filter((member) => member !== null)
    .map(searchable)
    .join('\n')
}

function plain(text: string): string {
  return text.startsWith(exactMark) ? text.slice(1) : text
}
