/** JavaScript that users write into an evaluator; it runs in a sandbox (sandbox.ts), in a process that can be ended. */
import * as z from 'zod'
import { calculations, TooHeavyError } from '../../calculations/calculations.ts'
import type { CodeEvaluatorSpec, Evaluate, Evaluation } from '../../domain/evaluation.ts'
import { groupOf } from '../../domain/execution/call-subject.ts'
import { invalidInput, optional, parseInput, text } from '../../domain/parse-input.ts'
import type { CodeEvaluation } from './run-code.ts'

const maxCode = 100_000
const maxTimeoutMs = 10_000

const schema = z.strictObject({
  kind: z.literal('code'),
  code: text.min(1).max(maxCode),
  timeoutMs: optional(z.int().min(1).max(maxTimeoutMs), 1_000),
  level: z.enum(['ITEM', 'RUN']).nullish(),
})

/** Whether it defines the function is for {@link checkCode} to say. @throws {InvalidInputError} */
export function parseCode(input: unknown, path: readonly string[]): CodeEvaluatorSpec {
  const { level, ...spec } = parseInput(schema, input, path)
  return level === 'RUN' ? { ...spec, level } : spec
}

/**
 * @param group who asks, such as a project
 * @throws {InvalidInputError} code that cannot be read, fails before it is called, or defines no function `evaluate`
 */
export async function checkCode({ code }: CodeEvaluatorSpec, group: string, path: readonly string[]): Promise<void> {
  const at = [...path, 'code', 'code']
  try {
    await calculations.run({ module: checkModule, input: { code, at }, group, timeoutMs: checkMs })
  } catch (error) {
    if (!(error instanceof TooHeavyError)) throw error
    throw invalidInput(at, 'expected code that does nothing but define what it needs', code)
  }
}

const runModule = new URL('run-code.ts', import.meta.url)
const checkModule = new URL('check-code.ts', import.meta.url)
const checkMs = 2_000
/** How much longer than its own time limit the process of an evaluation may take. */
const graceMs = 500

export function createCode({ code, timeoutMs }: CodeEvaluatorSpec, name: string): Evaluate {
  return async (item, { subject, signal }) => {
    const input: CodeEvaluation = { code, timeoutMs, item, declared: { name } }
    try {
      return await calculations.run<Evaluation[]>({
        module: runModule,
        input,
        group: groupOf(subject),
        timeoutMs: timeoutMs + graceMs,
        signal,
      })
    } catch (error) {
      if (!(error instanceof TooHeavyError)) throw error
      throw new Error(`Expected a result within ${timeoutMs} ms, got none: the code could only be ended.`, {
        cause: error,
      })
    }
  }
}
