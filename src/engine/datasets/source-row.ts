import { excerptOf } from '../../domain/excerpt.ts'
import type { Json } from '../../domain/json/json.ts'
import { JsonTextError, readJson } from '../../domain/json/read-json.ts'
import type { Problems } from './import-problems.ts'

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
    value = readJson(text)
  } catch (found) {
    if (!(found instanceof JsonTextError)) throw found
    const before = text.slice(0, found.offset)
    const newlines = before.split('\n').length - 1
    problems.add({
      line: line + newlines,
      column: newlines > 0 ? found.offset - before.lastIndexOf('\n') : column + found.offset,
      expected: found.path.length > 0 ? `in ${found.path.join('.')} ${found.expected}` : found.expected,
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
