import { excerptOf } from '../../domain/excerpt.ts'
import type { Json } from '../../domain/json/json.ts'
import type { Problems } from './import-problems.ts'
import { findJsonError } from './json-error.ts'

/** A row of an imported file. */
export interface SourceRow {
  /** The line it begins on, from 1. */
  line: number
  fields: { [column: string]: Json }
}

/** Maximum characters of a row, in any format. */
export const maxRowLength = 4 * 1024 * 1024

export function tooLarge(line: number) {
  return {
    line,
    column: null,
    expected: `a row of at most ${maxRowLength / 1024 / 1024} million characters`,
    got: 'a larger one',
  }
}

/** Parses a row that begins at this position of the file; null, with a problem, when it is invalid. */
export function parseRow(text: string, line: number, column: number, problems: Problems): SourceRow | null {
  let value: Json
  try {
    value = parseExactly(text)
  } catch (error) {
    const found = error instanceof InexactNumber ? error.problem(text) : findJsonError(text)
    if (!found) throw error
    const before = text.slice(0, found.offset)
    const newlines = before.split('\n').length - 1
    problems.add({
      line: line + newlines,
      column: newlines > 0 ? found.offset - before.lastIndexOf('\n') : column + found.offset,
      expected: found.expected,
      got: found.got,
    })
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.add({
      line,
      column,
      expected: 'an object such as {"input": …, "expectedOutput": …}',
      got: excerptOf(value),
    })
    return null
  }
  return { line, fields: value }
}

/** A number that would be rounded. */
class InexactNumber extends Error {
  readonly source: string

  constructor(source: string) {
    super(source)
    this.source = source
  }

  problem(text: string) {
    const expected = 'a number that a double can hold exactly (write it as a string to keep it)'
    return { offset: text.indexOf(this.source), expected, got: this.source }
  }
}

const suspicious = /\d{16}|\de\+?\d{3}/i

/** JSON.parse, except that large integers such as ids are never rounded silently. */
export function parseExactly(text: string): Json {
  if (!suspicious.test(text)) return JSON.parse(text)
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    if (typeof value === 'number' && context?.source && !isExact(value, context.source)) {
      throw new InexactNumber(context.source)
    }
    return value
  })
}

function isExact(value: number, source: string): boolean {
  if (!Number.isFinite(value)) return false
  // Fractions are rounded everywhere, but are not used as identifiers.
  if (!/^-?\d+$/.test(source) || Number.isSafeInteger(value)) return true
  return String(value) === source || BigInt(value) === BigInt(source)
}
