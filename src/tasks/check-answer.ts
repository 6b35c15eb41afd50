/** Runs in a process for calculations: finds out whether an answer satisfies a schema. */
import type { Json } from '../domain/json/json.ts'
import { compileJsonSchema, type JsonSchemaCheck, type JsonSchemaViolation } from '../domain/json/json-schema.ts'

const maxCompiled = 20
/** A run checks all of its answers against one schema. */
const compiled = new Map<string, JsonSchemaCheck>()

export function calculate({ schema, answer }: { schema: Json; answer: Json }): JsonSchemaViolation | null {
  const text = JSON.stringify(schema)
  const check = compiled.get(text) ?? compileJsonSchema(schema, [])
  if (compiled.size >= maxCompiled) compiled.clear()
  compiled.set(text, check)
  return check(answer)
}
