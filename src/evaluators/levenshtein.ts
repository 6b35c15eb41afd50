import { distance } from 'fastest-levenshtein'
import * as z from 'zod'
import { optional } from '../domain/parse-input.ts'
import { type Builtin, judgement } from './builtin.ts'
import { textOf } from './reading.ts'
import { comparing, selection } from './selection.ts'

/**
 * The similarity of output and expected output as text: 1 − edits / length of the longer one, 0–1, by characters as people
 * see them. Two empty texts are equal: 1.
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
      if (output === null || expected === null) return judgement(output === expected)
      const [a, b] = [textOf(output), textOf(expected)].map((text) => cased(text).normalize()) as [string, string]
      if (a === b) return judgement(1)
      const [from, to] = asUnits(a, b)
      return judgement(1 - distance(from, to) / Math.max(from.length, to.length))
    })
  },
}

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' })

/** Texts in which every character as people see them, such as 👍🏽 or é, is one code unit. */
function asUnits(...texts: [string, string]): [string, string] {
  if (texts.every((text) => /^[\n\x20-\x7e]*$/.test(text))) return texts
  const units = new Map<string, string>()
  const unitOf = (character: string) => {
    const unit = units.get(character) ?? String.fromCharCode(units.size)
    units.set(character, unit)
    return unit
  }
  const [a = '', b = ''] = texts.map((text) =>
    Array.from(segmenter.segment(text), ({ segment }) => unitOf(segment)).join(''),
  )
  return [a, b]
}
