/**
 * One text for every JSON value that means the same: object keys sorted, no whitespace. It decides what an item is and
 * whether it changed.
 */
import { createHash } from 'node:crypto'
import type { Json } from '../../domain/json.ts'

/** Deeper values exhaust the stack of one of the parsers they pass on their way into the database and back. */
export const MAX_DEPTH = 500

/** @throws {RangeError} when the value is nested deeper than `MAX_DEPTH`. */
export function canonicalJson(value: Json, depth = 0): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (depth === MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH} levels`)
  if (Array.isArray(value)) return `[${value.map((element) => canonicalJson(element, depth + 1)).join(',')}]`
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null, depth + 1)}`)
  return `{${members.join(',')}}`
}

export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

// JSON.stringify escapes exactly these two kinds of what PostgreSQL refuses in jsonb.
const unstorable = /(?<!\\)(?:\\\\)*(\\u0000|\\ud[89a-f][0-9a-f]{2})/

/** What PostgreSQL cannot store of a canonical text, `\u0000` or half of a surrogate pair; null when there is nothing. */
export function findUnstorable(canonical: string): string | null {
  return canonical.includes('\\u') ? (unstorable.exec(canonical)?.[1] ?? null) : null
}

/** The beginning of a value as JSON, for messages. */
export function brief(value: Json | undefined): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
