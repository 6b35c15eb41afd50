import * as z from 'zod'
import { optional } from '../domain/parse-input.ts'
import { type Builtin, judgement, textOf } from './builtin.ts'
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
    const { text } = spec
    const cased = (part: string) => (spec.ignoreCase ? part.toLowerCase() : part)
    if (text !== null) return ofOutput(spec, at, (output) => judgement(cased(textOf(output)).includes(cased(text))))
    return comparing(spec, at, (output, expected) => judgement(cased(textOf(output)).includes(cased(textOf(expected)))))
  },
}
