import { inspect } from 'node:util'
import { replaceUnstorable } from './json/storable.ts'
import { toJson } from './json/to-json.ts'

/** The beginning of a text on one line, for a message. @param length maximum characters, without the ellipsis */
export function excerpt(text: string, length = 200): string {
  const line = replaceUnstorable(text).replaceAll(/\s+/g, ' ').trim()
  return line.length > length ? `${line.slice(0, length).toWellFormed()}…` : line
}

/** A value for an "expected …, got …" message: its JSON if it has one, at most 80 characters. */
export function excerptOf(value: unknown): string {
  const text = value === undefined ? 'nothing' : (jsonOf(value) ?? inspect(value, inspectOptions))
  return text.length > 80 ? `${text.slice(0, 79).toWellFormed()}…` : text
}

/** For values without JSON: cycles, BigInt, functions. */
const inspectOptions = { depth: 2, breakLength: Number.POSITIVE_INFINITY }

function jsonOf(value: unknown): string | null {
  if (typeof value === 'string') return JSON.stringify(value)
  try {
    return JSON.stringify(toJson(value))
  } catch {
    return null
  }
}
