import * as z from 'zod'
import { canonicalJson } from '../domain/json/canonical-json.ts'
import type { Json } from '../domain/json/json.ts'
import { optional } from '../domain/parse-input.ts'
import { type Builtin, judgement } from './builtin.ts'
import { readingsOf, structureOf } from './reading.ts'
import { comparing, selection } from './selection.ts'

/**
 * Whether output and expected output are the same JSON, including types: 5 is not "5". The order of keys never matters.
 * A text may also match as the JSON that it is, an expected one if that is an object or a list.
 */
export const jsonEquals: Builtin<'jsonEquals'> = {
  schema: z.strictObject({
    kind: z.literal('builtin'),
    type: z.literal('jsonEquals'),
    ignoreArrayOrder: optional(z.boolean(), false),
    ...selection,
  }),
  dataType: 'BOOLEAN',
  create(spec, at) {
    const normal = (value: Json) => canonicalJson(spec.ignoreArrayOrder ? withSortedArrays(value) : value)
    return comparing(spec, at, (output, expected) => {
      // Values with equal texts are equal, and this is much faster than sorting keys.
      if (JSON.stringify(output) === JSON.stringify(expected)) return judgement(true)
      const structure = structureOf(expected)
      const wanted = structure === expected ? [normal(expected)] : [normal(expected), normal(structure)]
      return judgement(readingsOf(output).some((reading) => wanted.includes(normal(reading))))
    })
  },
}

function withSortedArrays(value: Json): Json {
  if (value === null || typeof value !== 'object') return value
  if (!Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withSortedArrays(member)]))
  }
  return value
    .map((element) => {
      const sorted = withSortedArrays(element)
      return { sorted, text: canonicalJson(sorted) }
    })
    .sort((a, b) => (a.text < b.text ? -1 : Number(a.text > b.text)))
    .map(({ sorted }) => sorted)
}
