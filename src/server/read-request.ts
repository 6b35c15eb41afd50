import { InvalidInputError } from '../domain/errors.ts'
import { type Json, maxJsonDepth } from '../domain/json/json.ts'
import { JsonTextError, readJson } from '../domain/json/read-json.ts'

/**
 * Refuses a request of which a number would be rounded: once it is parsed, that cannot be seen any more. Text that is not
 * JSON is left to the parser of the protocol.
 * @param text JSON
 * @param variables the path of the variables in it
 * @returns what it says; undefined for what is left to the parser
 * @throws {InvalidInputError} with the path of the number in the variables
 */
export function expectExactNumbers(text: string, variables: readonly string[] = []): Json | undefined {
  try {
    return readJson(text)
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error
    const { path, expected, got } = error
    if (variables.some((name, depth) => path[depth] !== name)) return
    const at = path.slice(variables.length)
    if (at.length > 0) throw new InvalidInputError(`${at.join('.')}: expected ${expected}, got ${got}.`, at)
  }
}

/** The answer to a message of a WebSocket with an operation that has such a number; null for every other message. */
export function refusalOfMessage(text: string): string | null {
  try {
    expectExactNumbers(text, ['payload', 'variables'])
    return null
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    const { id } = JSON.parse(text) as { id: unknown }
    const { message, code, path } = error
    return JSON.stringify({ id, type: 'error', payload: [{ message, extensions: { code, path } }] })
  }
}

/** Bytes up to which text is parsed soon enough, however deep it is. */
const shallowBytes = 64 * 1024

/** Brackets within brackets: of the deepest value that is stored, and of the input that it is in. */
const maxDepth = maxJsonDepth + 100

export const tooDeep = `Expected at most ${maxDepth} brackets within brackets, got more.`

/** Whether JSON is so deep that parsing it takes a hundred times as long as other JSON of its size. */
export function isTooDeep(text: Buffer): boolean {
  if (text.length <= shallowBytes) return false
  let depth = 0
  let isString = false
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at]
    if (isString) {
      if (byte === backslash) at += 1
      else if (byte === quote) isString = false
    } else if (byte === quote) isString = true
    else if (byte === openBracket || byte === openBrace) {
      depth += 1
      if (depth > maxDepth) return true
    } else if (byte === closeBracket || byte === closeBrace) depth -= 1
  }
  return false
}

const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = Buffer.from('"\\[]{}')
