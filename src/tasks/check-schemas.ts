/** Runs in a process for calculations: finds out whether schemas can be used. */
import type { Json } from '../domain/json/json.ts'
import { compileJsonSchema } from '../domain/json/json-schema.ts'

/** @throws {InvalidInputError} */
export function calculate(schemas: readonly { schema: Json; at: readonly string[] }[]): null {
  for (const { schema, at } of schemas) compileJsonSchema(schema, at)
  return null
}
