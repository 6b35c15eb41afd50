import * as z from 'zod'
import type { Json } from '../domain/json/json.ts'
import { optional } from '../domain/parse-input.ts'
import { type Builtin, judgement } from './builtin.ts'
import { searchable, textOf } from './reading.ts'
import { comparing, ofOutput, selection } from './selection.ts'

/** Whether the output contains `text`, or the expected output if there is no `text`. */
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
    const looksFor = (text: string) => (output: Json) => {
      if (output === null) return judgement(0, 'The output is null.')
      return judgement(cased(searchable(output)).includes(cased(text)))
    }
    const { text } = spec
    if (text !== null) return ofOutput(spec, at, looksFor(text))
    return comparing(spec, at, (output, expected) => {
      const wanted = textOf(expected)
      if (wanted === '') throw new Error('Expected a text to look for, but the expected output is empty.')
      return looksFor(wanted)(output)
    })
  },
}
