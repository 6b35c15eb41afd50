/** Runs in a process for calculations: finds out whether a schema can be used. */
import type { Json } from '../domain/json/json.ts'
import { compileJsonSchema } from '../domain/json/json-schema.ts'

/** @throws {InvalidInputError} */
export function calculate({ schema, at }: { schema: Json; at: readonly string[] }): null {
  compileJsonSchema(schema, at)
  return null
}
