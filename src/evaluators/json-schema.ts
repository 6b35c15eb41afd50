import * as z from 'zod'
import { compileJsonSchema } from '../domain/json/json-schema.ts'
import { json } from '../domain/parse-input.ts'
import { type Builtin, judgement } from './builtin.ts'
import { readingsOf, withDoubles } from './reading.ts'
import { ofOutput, outputSelection } from './selection.ts'

/** Whether the output satisfies a JSON Schema; an output that is text may do so as the JSON it contains. */
export const jsonSchema: Builtin<'jsonSchema'> = {
  schema: z.strictObject({
    kind: z.literal('builtin'),
    type: z.literal('jsonSchema'),
    schema: json,
    ...outputSelection,
  }),
  dataType: 'BOOLEAN',
  create(spec, at) {
    const check = compileJsonSchema(spec.schema, [...at, 'schema'])
    return ofOutput(spec, at, (output) => {
      const violations = readingsOf(output).map(
        (reading) =>
          withDoubles(reading)
            .map(check)
            .find((violation) => violation !== null) ?? null,
      )
      const last = violations.at(-1)
      if (!last || violations.includes(null)) return judgement(true, null)
      return judgement(false, `${last.at || 'the value'} ${last.rule}`)
    })
  },
}
