import { Ajv, type FuncKeywordDefinition, type Options, str } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { Big } from 'big.js'
import { messageOf } from '../errors.ts'
import { invalidInput } from '../parse-input.ts'
import { compilePattern } from '../pattern.ts'
import { canonicalJson } from './canonical-json.ts'
import type { Json } from './json.ts'

/** Returns the first violation, or null when the value satisfies the schema. */
export type JsonSchemaCheck = (value: Json) => JsonSchemaViolation | null

export interface JsonSchemaViolation {
  /** JSON pointer to the invalid part; empty for the whole value. */
  at: string
  /** E.g. "must be string". */
  rule: string
}

/**
 * Compiles a JSON Schema, draft 2020-12, or draft 7 if `$schema` says so, with formats. Patterns run on RE2, so no
 * schema can stall the process.
 * @param at the schema's position in the caller's input
 * @throws {InvalidInputError} when the schema is invalid.
 */
export function compileJsonSchema(schema: Json, at: readonly string[]): JsonSchemaCheck {
  if (typeof schema !== 'boolean' && (typeof schema !== 'object' || schema === null || Array.isArray(schema))) {
    throw invalidInput(at, 'expected a JSON Schema', schema)
  }
  if (typeof schema === 'object' && '$async' in schema)
    throw invalidInput(at, 'expected a schema without $async', schema)
  const draft7 = typeof schema === 'object' && String(schema.$schema).includes('draft-07')
  const ajv = draft7 ? new Ajv(options) : new Ajv2020(options)
  formats.default(ajv)
  // Ajv compares every item with every other.
  ajv.removeKeyword('uniqueItems').addKeyword(uniqueItems)
  ajv.removeKeyword('multipleOf').addKeyword(multipleOf)
  const validate = compile(ajv, schema, at)
  const isEndless = (value: Json) => {
    try {
      validate(value)
      return false
    } catch (error) {
      if (error instanceof RangeError) return true
      throw error
    }
  }
  if (samples.some(isEndless))
    throw invalidInput(at, 'expected a schema that does not refer to itself without end', schema)
  return (value) => {
    try {
      if (validate(value)) return null
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return { at: '', rule: 'must not be nested deeper than its schema can be followed' }
    }
    const error = validate.errors?.[0]
    return { at: error?.instancePath ?? '', rule: error?.message ?? 'must satisfy the schema' }
  }
}

function compile(ajv: Ajv, schema: boolean | { [key: string]: Json }, at: readonly string[]) {
  try {
    return ajv.compile(schema)
  } catch (error) {
    throw invalidInput(at, `expected a JSON Schema that compiles (${messageOf(error)})`, schema)
  }
}

/** By the decimals as they are written: 19.99 is a multiple of 0.01, which in binary it is not. */
const multipleOf: FuncKeywordDefinition = {
  keyword: 'multipleOf',
  type: 'number',
  schemaType: 'number',
  metaSchema: { type: 'number', exclusiveMinimum: 0 },
  error: { message: ({ schemaCode }) => str`must be multiple of ${schemaCode}` },
  compile: (step: number) => (value: number) => new Big(value).mod(step).eq(0),
}

/** A schema that refers to itself without looking at a part of the value first never ends, whatever the value. */
const samples: readonly Json[] = [null, '', 0, [], {}]

const regExp = Object.assign(
  (source: string) => {
    const pattern = compilePattern(source, '', ['pattern'])
    // Ajv caches compiled patterns by their text: without toString all patterns would be the first one.
    return { test: (text: string) => pattern.matcher(text).find(), toString: () => source }
  },
  { code: 'new RegExp' },
)

const uniqueItems: FuncKeywordDefinition = {
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  error: { message: 'must NOT have duplicate items' },
  validate: (wanted: boolean, items: readonly Json[]) =>
    !wanted || new Set(items.map((item) => canonicalJson(item))).size === items.length,
}

/** Only own members count: every object inherits a `constructor`. */
const options: Options = { strict: false, logger: false, ownProperties: true, code: { regExp } }
