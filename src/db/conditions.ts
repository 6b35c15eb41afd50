/** Conditions that the filters of several lists have in common; nothing for what is not asked for. */
import type { Json } from '../domain/json/json.ts'
import { containing } from './columns.ts'

/** Passes a value as a parameter of the statement. */
type Parameter = (value: unknown) => string

export interface TimeRange {
  from?: Date | null
  /** The end, which does not belong to it. */
  before?: Date | null
}

/** The timestamp lies in the range. */
export function within(column: string, range: TimeRange | null | undefined, parameter: Parameter): string[] {
  const { from, before } = range ?? {}
  return [
    ...(from ? [`${column} >= ${parameter(from)}::timestamptz`] : []),
    ...(before ? [`${column} < ${parameter(before)}::timestamptz`] : []),
  ]
}

/** The JSON has everything that `part` has: its members, in any depth, and its elements, in any order. */
export function jsonContains(column: string, part: Json | undefined, parameter: Parameter): string[] {
  return part == null ? [] : [`${column} @> ${parameter(JSON.stringify(part))}::jsonb`]
}

/**
 * The text is anywhere in one of the columns, ignoring case.
 * @throws {InvalidInputError} when it is too long
 */
export function mentions(columns: readonly string[], text: string | null | undefined, parameter: Parameter): string[] {
  if (!text) return []
  const pattern = parameter(containing(text))
  return [`(${columns.map((column) => `${column} ILIKE ${pattern}`).join(' OR ')})`]
}
