import * as z from 'zod'
import { InvalidInputError } from './errors.ts'
import { excerptOf } from './excerpt.ts'
import type { Json } from './json/json.ts'
import { findUnstorable } from './json/storable.ts'
import { NotJsonError, toJson } from './json/to-json.ts'

/**
 * Checks `value` against `schema` and returns it with defaults filled in.
 * @param path the value's position in the caller's input; the path of the error continues it
 * @throws {InvalidInputError} for the first issue, with what was expected and what was passed.
 */
export function parseInput<T extends z.ZodType>(schema: T, value: unknown, path: readonly string[]): z.output<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  if (issue === undefined) throw parsed.error
  const inside = issue.path.map(String)
  const got = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key],
    value,
  )
  throw invalidInput([...path, ...inside], expectation(issue), got)
}

/** An error of the form "task.http.url: expected …, got ….". */
export function invalidInput(path: readonly string[], expected: string, got: unknown): InvalidInputError {
  return new InvalidInputError(`${path.join('.')}: ${expected}, got ${excerptOf(got)}.`, [...path])
}

/** An optional member: `fallback` when it is left out or null. */
export function optional<T extends z.ZodType, D extends z.output<T> | null>(schema: T, fallback: D) {
  return schema.nullish().transform((value): z.output<T> | D => value ?? fallback)
}

/** Text that PostgreSQL can store. */
export const text = z
  .string()
  .refine((value) => findUnstorable(value) === null, 'expected text without U+0000 or lone surrogates')

/** A name in a project: 1–200 characters on one line, without surrounding space or control characters. */
export const name = text
  .min(1)
  .max(200)
  .refine(
    (value) => value === value.trim() && !/\p{Cc}/u.test(value),
    'expected a name on one line, without surrounding space',
  )

/** Any value that JSON can hold. */
export const json = z.unknown().transform((value, context): Json => {
  try {
    return toJson(value)
  } catch (error) {
    if (!(error instanceof NotJsonError)) throw error
    context.addIssue({ code: 'custom', message: `expected JSON (${error.message})` })
    return z.NEVER
  }
})

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `expected no member ${issue.keys.map(excerptOf).join(', ')}`
  const text = issue.message.replace(/^[A-Z][a-z ]+: (?=expected)/, '').replace(/, received .*$/, '')
  return text.charAt(0).toLowerCase() + text.slice(1)
}
