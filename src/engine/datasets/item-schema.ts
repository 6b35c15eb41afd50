/**
 * JSON Schemas of a dataset's items: draft 2020-12, or draft 7 where `$schema` says so, with formats. An absent
 * expected output is validated as null. Patterns run on RE2, so a schema cannot stall the server.
 */
import { Ajv, type Options, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { InvalidInputError } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import { compilePattern } from '../../domain/pattern.ts'
import { brief } from './canonical-json.ts'
import { type ItemContent, ItemProblem } from './item-content.ts'

/** @throws {ItemProblem} for an item that the dataset does not take. */
export type ItemValidator = (item: ItemContent) => void

export interface ItemSchemas {
  inputSchema: Json
  expectedOutputSchema: Json
}

/** @throws {InvalidInputError} for a schema that is none, with path `inputSchema` or `expectedOutputSchema`. */
export function itemValidator(schemas: ItemSchemas): ItemValidator {
  const input = compile('inputSchema', schemas.inputSchema)
  const expectedOutput = compile('expectedOutputSchema', schemas.expectedOutputSchema)
  return (item) => {
    if (input) check(input, 'input', item.input)
    if (expectedOutput) check(expectedOutput, 'expectedOutput', item.expectedOutput ?? null)
  }
}

function check(validate: ValidateFunction, field: string, value: Json): void {
  if (validate(value)) return
  const error = validate.errors?.[0]
  const path = error?.instancePath ?? ''
  throw new ItemProblem(`${field}${path}`, `what its schema asks for: it ${error?.message}`, brief(at(value, path)))
}

/** The part of a value that a JSON pointer names. */
function at(value: Json, pointer: string): Json | undefined {
  let part: Json | undefined = value
  for (const segment of pointer.split('/').slice(1)) {
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~')
    part = typeof part === 'object' && part !== null ? (part as Record<string, Json>)[key] : undefined
  }
  return part
}

const regExp = Object.assign(
  (pattern: string) => {
    const compiled = compilePattern(pattern, '', ['pattern'])
    // Ajv keeps one compiled pattern per text: without this all patterns would be the first one.
    return { test: (text: string) => compiled.matcher(text).find(), toString: () => pattern }
  },
  { code: 'new RegExp' },
)

const options: Options = { strict: false, logger: false, validateFormats: true, code: { regExp } }

function compile(field: string, schema: Json): ValidateFunction | null {
  if (schema === null) return null
  const complain = (got: string) => new InvalidInputError(`Expected a JSON Schema, got ${got}.`, [field])
  if (typeof schema === 'boolean') return compileWith(new Ajv2020(options), schema)
  if (typeof schema !== 'object' || Array.isArray(schema)) throw complain(brief(schema))
  if ('$async' in schema) throw complain('one with `$async`, which only code can use')
  const draft7 = typeof schema.$schema === 'string' && schema.$schema.includes('draft-07')
  try {
    return compileWith(draft7 ? new Ajv(options) : new Ajv2020(options), schema)
  } catch (error) {
    throw complain(`one that does not compile: ${error instanceof Error ? error.message : error}`)
  }
}

function compileWith(ajv: Ajv, schema: boolean | Record<string, Json>): ValidateFunction {
  formats.default.default(ajv)
  return ajv.compile(schema)
}
