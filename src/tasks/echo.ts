import * as z from 'zod'
import { type EchoTaskSpec, nothingSpent, type Task, TaskError } from '../domain/execution/task.ts'
import type { Json } from '../domain/json/json.ts'
import { compileSingularJsonPath } from '../domain/json/json-path.ts'
import { optional, parseInput } from '../domain/parse-input.ts'

const schema = z.strictObject({ kind: z.literal('echo'), outputPath: optional(z.string(), null) })

/** @throws {InvalidInputError} */
export function parseEchoTask(input: unknown, path: readonly string[]): EchoTaskSpec {
  const spec = parseInput(schema, input, path)
  if (spec.outputPath !== null) compileSingularJsonPath(spec.outputPath, [...path, 'outputPath'])
  return spec
}

/** Ends at once: a path of one value visits each part of the item once at most. */
export function createEchoTask({ outputPath }: EchoTaskSpec): Task {
  if (outputPath === null) return endingAtOnce(async ({ input }) => ({ output: input, ...nothingSpent }))
  const select = compileSingularJsonPath(outputPath, ['task', 'echo', 'outputPath'])
  return endingAtOnce(async ({ key, input, expectedOutput, metadata, tags }) => {
    const output: Json | undefined = select({ key, input, expectedOutput, metadata, tags })
    if (output !== undefined) return { output, ...nothingSpent }
    throw new TaskError('OUTPUT_NOT_FOUND', `Expected a value of the item at ${outputPath}, got none.`, {
      retryable: false,
    })
  })
}

function endingAtOnce(task: Task): Task {
  return Object.assign<Task, { keepsTime: true }>(task, { keepsTime: true })
}
