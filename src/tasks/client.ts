import * as z from 'zod'
import { type ClientTaskSpec, type Task, TaskError } from '../domain/execution/task.ts'
import { name, optional, parseInput, text } from '../domain/parse-input.ts'

/** Identifies the code of a function: up to 200 characters. */
const version = text.min(1).max(200)

const schema = z.strictObject({ kind: z.literal('client'), name, version: optional(version, null) })

/** @throws {InvalidInputError} */
export function parseClientTask(input: unknown, path: readonly string[]): ClientTaskSpec {
  return parseInput(schema, input, path)
}

/** @throws {InvalidInputError} */
export function parseTaskVersion(input: unknown, path: readonly string[]): string {
  return parseInput(version, input, path)
}

/** Clients execute it; a worker that is asked to has no function to call. */
export function createClientTask({ name }: ClientTaskSpec): Task {
  return () =>
    Promise.reject(
      new TaskError('TASK_FAILED', `Expected a client to execute "${name}", got a worker.`, { retryable: false }),
    )
}
