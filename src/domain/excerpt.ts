import { inspect } from 'node:util'
import { shortened } from './json/json-excerpt.ts'
import { replaceUnstorable } from './json/storable.ts'
import { toJson } from './json/to-json.ts'

/** The beginning of a text on one line, for a message. @param length maximum characters, without the ellipsis */
export function excerpt(text: string, length = 200): string {
  const line = replaceUnstorable(text).replaceAll(/\s+/g, ' ').trim()
  return line.length > length ? `${line.slice(0, length).toWellFormed()}…` : line
}

/** A value for an "expected …, got …" message: its JSON if it has one, at most 80 characters. */
export function excerptOf(value: unknown): string {
  return shortened(value === undefined ? 'nothing' : (jsonOf(value) ?? inspect(value, inspectOptions)))
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
