import { excerptOf } from '../domain/excerpt.ts'
import { TaskError } from '../domain/execution/task.ts'

/** The cost that a call reported, checked. Undefined and null mean unknown. @throws {TaskError} INVALID_OUTPUT */
export function costOf(value: unknown): number | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  throw invalid('cost', 'a number of US dollars, 0 or more', value)
}

/** @see costOf */
export function tokensOf(name: 'input' | 'output', value: unknown): number | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 2 ** 31 - 1) return value
  throw invalid(`number of ${name} tokens`, 'a whole number, 0 or more', value)
}

function invalid(what: string, expected: string, got: unknown): TaskError {
  return new TaskError('INVALID_OUTPUT', `Expected the ${what} to be ${expected}, got ${excerptOf(got)}.`, {
    retryable: false,
  })
}
