import { excerptOf } from '../domain/excerpt.ts'
import { TaskError } from '../domain/task.ts'

/** What a call used, checked. Absent and null are unknown. @throws {TaskError} INVALID_OUTPUT */
export function costOf(value: unknown): number | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  throw unfit('cost', 'a number of US dollars from 0', value)
}

/** @see costOf */
export function tokensOf(name: 'input' | 'output', value: unknown): number | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 2 ** 31 - 1) return value
  throw unfit(`number of ${name} tokens`, 'a whole number from 0', value)
}

function unfit(what: string, expected: string, got: unknown): TaskError {
  return new TaskError('INVALID_OUTPUT', `The ${what} is expected to be ${expected}, got ${excerptOf(got)}.`, {
    retryable: false,
  })
}
