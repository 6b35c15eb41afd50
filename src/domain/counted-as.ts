/** Another way to count a score: tries of which one, or each, must succeed, or labels that are a success. */
import * as z from 'zod'
import { parseInput, text } from './parse-input.ts'

const schema = z
  .strictObject({
    pass: z
      .strictObject({
        k: z.int().min(1).max(1_000),
        every: z
          .boolean()
          .nullish()
          .transform((every) => every ?? false),
      })
      .nullish()
      .transform((pass) => pass ?? null),
    success: z
      .array(text.max(400))
      .min(1)
      .max(100)
      .nullish()
      .transform((labels) => labels ?? null),
  })
  .refine(({ pass, success }) => (pass === null) !== (success === null), 'expected exactly one of pass and success')

/**
 * - `pass`: the probability that of k executions of an item at least one succeeds (pass@k), or every one (pass^k). Of a
 *   BOOLEAN score; its better value is a success.
 * - `success`: the labels that count as 1; all others, and failed executions, as 0. Of a CATEGORICAL score.
 */
export type CountedAs = z.output<typeof schema>

/** As passed by a client: exactly one. */
export interface CountedAsInput {
  pass?: { k: number; every?: boolean | null } | null
  success?: readonly string[] | null
}

/** For schemas of what contains it; null: the score as it is. */
export const countedAsSchema = schema.nullish().transform((countedAs) => countedAs ?? null)

/** @throws {InvalidInputError} naming the invalid part */
export function parseCountedAs(input: unknown, path: readonly string[]): CountedAs {
  return parseInput(schema, input, path)
}

/** Equal for equal ones, and for no others. */
export function countedAsKey(countedAs: CountedAs | null): string {
  if (!countedAs) return ''
  const { pass, success } = countedAs
  return JSON.stringify(pass ? [pass.k, pass.every] : [...new Set(success)].sort())
}

/** For people, after the name of a score; empty for the score as it is. */
export function describeCountedAs(countedAs: CountedAs | null): string {
  if (!countedAs) return ''
  const { pass, success } = countedAs
  if (pass) return ` pass${pass.every ? '^' : '@'}${pass.k}`
  return ` as ${(success ?? []).map((label) => `"${label}"`).join(' or ')}`
}
