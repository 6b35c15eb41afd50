/** Runs in a process for calculations: the value of an expression over the scores of an item. */
import { InvalidInputError } from '../../domain/errors.ts'
import { excerptOf } from '../../domain/excerpt.ts'
import { CodeError, callCode } from './sandbox.ts'

export interface ExpressionCall {
  expression: string
  scores: Record<string, number | string | null>
  /** The position of an expression that is only checked in the caller's input; null: it is evaluated. */
  at: string[] | null
}

const timeoutMs = 1_000

/**
 * Null where the expression is null.
 * @throws {CodeError} @throws {Error} it is no number
 * @throws {InvalidInputError} an expression that is checked and cannot be read, or names what it is not given
 */
export async function calculate({ expression, scores, at }: ExpressionCall): Promise<number | null> {
  const entry = `(scores) => (${expression}\n)`
  try {
    const value = await callCode({ code: '', entry, argument: { ...scores }, timeoutMs })
    if (value === null || (typeof value === 'number' && Number.isFinite(value))) return value
    // With other scores it may be a number.
    if (at) return null
    if (typeof value === 'boolean') return Number(value)
    throw new CodeError(`Expected an expression that is a finite number, or null, got ${excerptOf(value)}.`)
  } catch (error) {
    if (!at || !(error instanceof CodeError)) throw error
    // With other scores, such as labels, it may be well.
    if (!/^(Syntax|Reference)Error/.test(error.message)) return null
    const expected = 'expected JavaScript over scores, such as scores.a * scores["b c"]'
    throw new InvalidInputError(`${at.join('.')}: ${expected}, got ${excerptOf(expression)}: ${error.message}`, at)
  }
}
