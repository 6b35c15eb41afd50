import * as z from 'zod'
import { optional } from '../domain/parse-input.ts'
import { type Builtin, judgement } from './builtin.ts'
import { textOf } from './reading.ts'
import { comparing, selection } from './selection.ts'

/**
 * Whether output and expected output are the same text; values other than text are compared as canonical JSON, so 5
 * matches "5". Null matches only null.
 */
export const exactMatch: Builtin<'exactMatch'> = {
  schema: z.strictObject({
    kind: z.literal('builtin'),
    type: z.literal('exactMatch'),
    ignoreCase: optional(z.boolean(), false),
    normalizeWhitespace: optional(z.boolean(), false),
    ...selection,
  }),
  dataType: 'BOOLEAN',
  create(spec, at) {
    const normal = (text: string) => {
      const spaced = spec.normalizeWhitespace ? text.replaceAll(/\s+/g, ' ').trim() : text
      return spec.ignoreCase ? spaced.toLowerCase() : spaced
    }
    return comparing(spec, at, (output, expected) => {
      if (output === null || expected === null) return judgement(output === expected)
      return judgement(normal(textOf(output)) === normal(textOf(expected)))
    })
  },
}
