/** Runs in a process for calculations: whether code defines the function that it must. */

import { InvalidInputError } from '../../domain/errors.ts'
import { excerpt } from '../../domain/excerpt.ts'
import { CodeError, callCode } from './sandbox.ts'

/** @throws {InvalidInputError} */
export async function calculate({ code, at }: { code: string; at: string[] }): Promise<null> {
  try {
    const entry = "() => typeof evaluate === 'function'"
    if (await callCode({ code, entry, argument: null, timeoutMs: 1_000 })) return null
  } catch (error) {
    if (!(error instanceof CodeError)) throw error
    throw new InvalidInputError(`${at.join('.')}: expected code that runs, got an error: ${error.message}`, at)
  }
  throw new InvalidInputError(
    `${at.join('.')}: expected code that defines a function evaluate(item), got ${JSON.stringify(excerpt(code))}.`,
    at,
  )
}
