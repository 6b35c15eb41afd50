import * as z from 'zod'
import { excerpt, excerptOf } from '../domain/excerpt.ts'
import type { Json } from '../domain/json/json.ts'
import { optional } from '../domain/parse-input.ts'
import { type Builtin, judgement } from './builtin.ts'
import { searchable, textsIn } from './reading.ts'
import { comparing, ofOutput, selection } from './selection.ts'

/** Whether the output contains `text`, or if there is no `text` the expected output: of a list or an object all texts in it. */
export const contains: Builtin<'contains'> = {
  schema: z.strictObject({
    kind: z.literal('builtin'),
    type: z.literal('contains'),
    text: optional(z.string().min(1), null),
    ignoreCase: optional(z.boolean(), false),
    ...selection,
  }),
  dataType: 'BOOLEAN',
  create(spec, at) {
    const cased = (part: string) => (spec.ignoreCase ? part.toLowerCase() : part)
    const looksFor = (wanted: readonly string[]) => (output: Json) => {
      if (output === null) return judgement(0, 'The output is null.')
      const searched = cased(searchable(output))
      const missing = wanted.find((text) => !searched.includes(cased(text)))
      if (missing === undefined) return judgement(1)
      return judgement(0, wanted.length > 1 ? `${JSON.stringify(excerpt(missing))} is not in the output.` : null)
    }
    const { text } = spec
    if (text !== null) return ofOutput(spec, at, looksFor([text]))
    return comparing(spec, at, (output, expected) => {
      const wanted = textsIn(expected)
      if (wanted.length === 0 || wanted.includes('')) {
        throw new Error(`Expected a text to look for, but the expected output is ${emptiness(expected)}.`)
      }
      return looksFor(wanted)(output)
    })
  },
}

function emptiness(expected: Json): string {
  return expected === '' ? 'empty' : excerptOf(expected)
}
