import { inspect } from 'node:util'
import { replaceUnstorable } from './storable.ts'
import { toJson } from './to-json.ts'

/** The beginning of a text on one line, fit for a message. @param length characters at most, besides the mark that it was cut */
export function excerpt(text: string, length = 200): string {
  const line = replaceUnstorable(text).replaceAll(/\s+/g, ' ').trim()
  return line.length > length ? `${line.slice(0, length).toWellFormed()}…` : line
}

/** A value for a message that says what came instead of what was expected: its JSON where it has one, 80 characters at most. */
export function excerptOf(value: unknown): string {
  const text = value === undefined ? 'nothing' : (jsonOf(value) ?? inspect(value, inspectOptions))
  return text.length > 80 ? `${text.slice(0, 79).toWellFormed()}…` : text
}

/** Shows anything: cycles, BigInt, functions. */
const inspectOptions = { depth: 2, breakLength: Number.POSITIVE_INFINITY }

function jsonOf(value: unknown): string | null {
  if (typeof value === 'string') return JSON.stringify(value)
  try {
    return JSON.stringify(toJson(value))
  } catch {
    return null
  }
}
