import { distance } from 'fastest-levenshtein'
import * as z from 'zod'
import { optional } from '../domain/parse-input.ts'
import { type Builtin, judgement, textOf } from './builtin.ts'
import { comparing, selection } from './selection.ts'

/** The work grows with the product of the lengths; this much takes about 0.1 s and blocks the process. */
const maxLengthProduct = 400_000_000

/**
 * The similarity of output and expected output as text: 1 − edits / length of the longer one, 0–1. Two empty texts are
 * equal: 1.
 */
export const levenshtein: Builtin<'levenshtein'> = {
  schema: z.strictObject({
    kind: z.literal('builtin'),
    type: z.literal('levenshtein'),
    ignoreCase: optional(z.boolean(), false),
    ...selection,
  }),
  dataType: 'NUMERIC',
  range: { min: 0, max: 1 },
  create(spec, at) {
    const cased = (text: string) => (spec.ignoreCase ? text.toLowerCase() : text)
    return comparing(spec, at, (output, expected) => {
      const [a, b] = [cased(textOf(output)), cased(textOf(expected))]
      if (a.length * b.length > maxLengthProduct) {
        throw new Error(`Expected texts of at most 20,000 characters each, got ${a.length} and ${b.length}.`)
      }
      return judgement(a === b ? 1 : 1 - distance(a, b) / Math.max(a.length, b.length))
    })
  },
}
