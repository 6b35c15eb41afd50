import { distance } from 'fastest-levenshtein'
import * as z from 'zod'
import { optional } from '../domain/parse-input.ts'
import { type Builtin, judgement, textOf } from './builtin.ts'
import { comparing, selection } from './selection.ts'

/** Work grows with the product of the lengths; this much takes about a tenth of a second, in which the process does nothing else. */
const largestProduct = 400_000_000

/** How similar output and expected output are as text: 1 − edits / length of the longer, 0–1. Two empty texts are the same: 1. */
export const levenshtein: Builtin<'levenshtein'> = {
  schema: z.strictObject({
    kind: z.literal('builtin'),
    type: z.literal('levenshtein'),
    ignoreCase: optional(z.boolean(), false),
    ...selection,
  }),
  dataType: 'NUMERIC',
  create(spec, at) {
    const cased = (text: string) => (spec.ignoreCase ? text.toLowerCase() : text)
    return comparing(spec, at, (output, expected) => {
      const [a, b] = [cased(textOf(output)), cased(textOf(expected))]
      if (a.length * b.length > largestProduct) {
        throw new Error(`Too long to compare: ${a.length} and ${b.length} characters (20,000 each at most).`)
      }
      return judgement(a === b ? 1 : 1 - distance(a, b) / Math.max(a.length, b.length))
    })
  },
}
