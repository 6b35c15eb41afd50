/**
 * JSON Schemas of prompts, for outputs and for arguments of tools. Users choose them, and models what is checked against
 * them: whatever could take long is calculated off the event loop.
 */
import { calculationLimits, calculations, maxCalculationMb, TooHeavyError } from '../calculations/calculations.ts'
import { TaskError } from '../domain/execution/task.ts'
import type { Json } from '../domain/json/json.ts'
import { compileJsonSchema, type JsonSchemaViolation } from '../domain/json/json-schema.ts'
import { invalidInput } from '../domain/parse-input.ts'
import type { AnswerCheck } from '../models/call-model.ts'

const schemasModule = new URL('check-schemas.ts', import.meta.url)
const answerModule = new URL('check-answer.ts', import.meta.url)
/** So many schemas, of so many characters together, compile within some 10 ms. */
const maxLightSchemas = 3
const maxLightSize = 10_000
/** Characters of an answer that is checked within some milliseconds. */
const maxLightAnswer = 200_000

interface PromptSchema {
  schema: Json
  /** Its position in the caller's input. */
  at: readonly string[]
}

/**
 * @param group who asks, such as a project
 * @throws {InvalidInputError} a schema that is invalid, or schemas that take too long to compile
 */
export async function checkPromptSchemas(schemas: readonly PromptSchema[], group: string): Promise<void> {
  for (const { schema, at } of schemas) {
    if (typeof schema === 'boolean') throw invalidInput(at, 'expected a JSON Schema that is an object', schema)
  }
  if (areLight(schemas)) {
    for (const { schema, at } of schemas) compileJsonSchema(schema, at)
    return
  }
  const { schemaMs } = calculationLimits
  const calculation = { module: schemasModule, input: schemas, group, timeoutMs: schemaMs }
  await calculations.run(calculation).catch((error) => {
    if (!(error instanceof TooHeavyError)) throw error
    const expected = `expected JSON Schemas that compile within ${schemaMs / 1_000} s and ${maxCalculationMb} MB`
    throw invalidInput(schemas[0]?.at ?? [], expected, null)
  })
}

/**
 * @param group who asks, such as a project
 * @param checkMs how long an answer may take to check
 * @throws {InvalidInputError} a schema that {@link checkPromptSchemas} would refuse
 */
export function answerCheck(schema: Json, group: string, checkMs = 10_000): AnswerCheck {
  const at = ['task', 'prompt', 'output', 'schema']
  const check = areLight([{ schema, at }]) ? compileJsonSchema(schema, at) : null
  return (answer) => {
    if (check && JSON.stringify(answer).length <= maxLightAnswer) return check(answer)
    const calculation = { module: answerModule, input: { schema, answer }, group, timeoutMs: checkMs }
    return calculations.run<JsonSchemaViolation | null>(calculation).catch((error) => {
      if (!(error instanceof TooHeavyError)) throw error
      const message = `The answer could not be checked against the schema of the output: ${error.message}.`
      throw new TaskError('INVALID_OUTPUT', message, { retryable: false, cause: error })
    })
  }
}

/** Without references, a check takes at most the size of the schema times that of the value. */
function areLight(schemas: readonly PromptSchema[]): boolean {
  const text = JSON.stringify(schemas.map(({ schema }) => schema))
  return (
    schemas.length <= maxLightSchemas && text.length <= maxLightSize && !/"\$(ref|dynamicRef|recursiveRef)"/.test(text)
  )
}
