/** JSON Schemas of a dataset's items. A missing expected output is validated as null. */
import { excerptOf } from '../../domain/excerpt.ts'
import type { Json } from '../../domain/json/json.ts'
import { compileJsonSchema, type JsonSchemaCheck } from '../../domain/json/json-schema.ts'
import { type ItemContent, ItemProblem } from './item-content.ts'

/** @throws {ItemProblem} for an item that does not fit. */
export type ItemValidator = (item: ItemContent) => void

export interface ItemSchemas {
  inputSchema: Json
  expectedOutputSchema: Json
}

/** @throws {InvalidInputError} for an invalid schema, with path `inputSchema` or `expectedOutputSchema`. */
export function itemValidator(schemas: ItemSchemas): ItemValidator {
  const input = compile(schemas.inputSchema, 'inputSchema')
  const expectedOutput = compile(schemas.expectedOutputSchema, 'expectedOutputSchema')
  return (item) => {
    if (input) check(input, 'input', item.input)
    if (expectedOutput) check(expectedOutput, 'expectedOutput', item.expectedOutput ?? null)
  }
}

function compile(schema: Json, field: string): JsonSchemaCheck | null {
  return schema === null ? null : compileJsonSchema(schema, [field])
}

function check(violationOf: JsonSchemaCheck, field: string, value: Json): void {
  const violation = violationOf(value)
  if (!violation) return
  const got = excerptOf(partAt(value, violation.at))
  throw new ItemProblem(`${field}${violation.at}`, `a value that fits its schema: it ${violation.rule}`, got)
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
