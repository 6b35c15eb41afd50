import { InvalidInputError } from '../domain/errors.ts'
import { JsonTextError, readJson } from '../domain/json/read-json.ts'

/**
 * Refuses a request of which a number would be rounded: once it is parsed, that cannot be seen any more. Text that is not
 * JSON is left to the parser of the protocol.
 * @param text JSON
 * @param variables the path of the variables in it
 * @throws {InvalidInputError} with the path of the number in the variables
 */
export function expectExactNumbers(text: string, variables: readonly string[] = []): void {
  try {
    readJson(text)
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
