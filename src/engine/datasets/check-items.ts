/** Runs in a process for calculations: finds out which items fit the schemas of their dataset. */
import { excerptOf } from '../../domain/excerpt.ts'
import type { Json } from '../../domain/json/json.ts'
import { compileJsonSchema, type JsonSchemaCheck } from '../../domain/json/json-schema.ts'
import type { ItemProblem } from './item-content.ts'
import type { CheckedItem, ItemSchemas } from './item-schema.ts'

type Misfit = Pick<ItemProblem, 'field' | 'expected' | 'got'>

const maxCompiled = 20
const compiled = new Map<string, JsonSchemaCheck>()

/** The first misfit of each item; null for one that fits. */
export function calculate({ schemas, items }: { schemas: ItemSchemas; items: CheckedItem[] }): (Misfit | null)[] {
  const input = compile(schemas.inputSchema, 'inputSchema')
  const expectedOutput = compile(schemas.expectedOutputSchema, 'expectedOutputSchema')
  return items.map(
    (item) =>
      (input && check(input, 'input', item.input)) ??
      (expectedOutput && check(expectedOutput, 'expectedOutput', item.expectedOutput ?? null)),
  )
}

function compile(schema: Json, field: string): JsonSchemaCheck | null {
  if (schema === null) return null
  const key = JSON.stringify(schema)
  const check = compiled.get(key) ?? compileJsonSchema(schema, [field])
  if (compiled.size >= maxCompiled) compiled.clear()
  compiled.set(key, check)
  return check
}

function check(violationOf: JsonSchemaCheck, field: string, value: Json): Misfit | null {
  const violation = violationOf(value)
  if (!violation) return null
  const expected = `a value that fits its schema: it ${violation.rule}`
  return { field: `${field}${violation.at}`, expected, got: excerptOf(partAt(value, violation.at)) }
}

/** The part of a value that a JSON pointer refers to. */
function partAt(value: Json, pointer: string): Json | undefined {
  let part: Json | undefined = value
  for (const segment of pointer.split('/').slice(1)) {
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~')
    part = typeof part === 'object' && part !== null ? (part as Record<string, Json>)[key] : undefined
  }
  return part
}
