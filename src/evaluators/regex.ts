import * as z from 'zod'
import { excerpt } from '../domain/excerpt.ts'
import type { Json } from '../domain/json/json.ts'
import { invalidInput, optional } from '../domain/parse-input.ts'
import { compilePattern, type Pattern } from '../domain/pattern.ts'
import { type Builtin, judgement } from './builtin.ts'
import { searchable, textOf } from './reading.ts'
import { comparing, ofOutput, selection } from './selection.ts'

/**
 * Whether the output matches a pattern anywhere. With `group` (a name or a number; "0" is the whole match), what the
 * first match captured must also equal `expected`, or the item's expected output if there is no `expected`.
 */
export const regex: Builtin<'regex'> = {
  schema: z.strictObject({
    kind: z.literal('builtin'),
    type: z.literal('regex'),
    pattern: z.string().min(1),
    flags: optional(z.string(), ''),
    group: optional(z.string(), null),
    expected: optional(z.string(), null),
    ...selection,
  }),
  dataType: 'BOOLEAN',
  create(spec, at) {
    const pattern = compilePattern(spec.pattern, spec.flags, [...at, 'pattern'])
    const { expected: fixed } = spec
    if (spec.group === null && fixed === null) {
      return ofOutput(spec, at, (output) => {
        if (output === null) return judgement(0, 'The output is null.')
        return judgement(pattern.matcher(searchable(output)).find())
      })
    }
    const group = groupOf(pattern, spec.group ?? '0', [...at, 'group'])
    const compare = (output: Json, expected: Json) => {
      if (output === null) return judgement(0, 'The output is null.')
      if (expected === null) return judgement(0, 'The expected output is null, which no text equals.')
      const matcher = pattern.matcher(searchable(output))
      if (!matcher.find()) return judgement(0, 'The output does not match the pattern.')
      const captured = matcher.group(group)
      if (captured === null) return judgement(0, 'The group did not participate in the match.')
      return judgement(captured === textOf(expected), `Extracted ${JSON.stringify(excerpt(captured))}.`)
    }
    return fixed === null ? comparing(spec, at, compare) : ofOutput(spec, at, (output) => compare(output, fixed))
  },
}

function groupOf(pattern: Pattern, group: string, at: readonly string[]): string | number {
  if (/^\d+$/.test(group) && Number(group) <= pattern.groupCount()) return Number(group)
  const names = Object.keys(pattern.namedGroups())
  if (names.includes(group)) return group
  const named = names.length === 0 ? '' : ` or one of ${names.join(', ')}`
  throw invalidInput(at, `expected a group of the pattern: 0 to ${pattern.groupCount()}${named}`, group)
}
