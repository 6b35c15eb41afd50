import * as z from 'zod'
import { messageOf } from '../domain/errors.ts'
import type { Evaluate, EvaluationInput, ModuleEvaluatorSpec, ScoreRules } from '../domain/evaluation.ts'
import { excerpt } from '../domain/excerpt.ts'
import { withDeadline } from '../domain/execution/deadline.ts'
import type { Modules } from '../domain/execution/modules.ts'
import { nothingSpent, TaskError } from '../domain/execution/task.ts'
import { costOf } from '../domain/execution/usage.ts'
import { toJson } from '../domain/json/to-json.ts'
import { invalidInput, parseInput } from '../domain/parse-input.ts'
import { evaluationsOf } from './module-result.ts'

/** Timeout of an evaluator function, in milliseconds. */
export const evaluatorTimeoutMs = 60_000

const schema = z.strictObject({ kind: z.literal('module'), module: z.string() })

/** The evaluators that there are, and what they say of their scores. */
export interface DeclaredEvaluators {
  evaluators: ReadonlyMap<string, Partial<ScoreRules>>
}

export function parseModuleEvaluator(
  input: unknown,
  functions: DeclaredEvaluators,
  path: readonly string[],
): ModuleEvaluatorSpec {
  const spec = parseInput(schema, input, path)
  if (!functions.evaluators.has(spec.module)) {
    throw invalidInput([...path, 'name'], `expected an evaluator of assay.config.ts: ${known(functions)}`, spec.module)
  }
  return spec
}

/**
 * A function of assay.config.ts, called in this process. It is passed copies, so that it cannot change what other
 * evaluators see.
 */
export function createModuleEvaluator(spec: ModuleEvaluatorSpec, name: string, modules: Modules): Evaluate {
  return async (item, { signal }) => {
    const module = modules.evaluators.get(spec.module)
    if (!module) {
      throw new Error(`assay.config.ts of this worker has no evaluator "${spec.module}"; it has ${known(modules)}.`)
    }
    const deadline = { signal, timeoutMs: evaluatorTimeoutMs }
    try {
      const returned = await withDeadline<unknown>(() => module.evaluate(copyOf(item)), deadline)
      return evaluationsOf(returned, { name, dataType: module.dataType })
    } catch (error) {
      if (signal.aborted) throw signal.reason
      const message = error instanceof Error ? messageOf(error) : `The evaluator threw ${messageOf(error)}`
      const shown = excerpt(message, 2_000)
      if (!(error instanceof TaskError)) throw new Error(shown, { cause: error })
      const { code, spent } = error
      const costUsd = costOf(spent?.costUsd)
      throw new TaskError(code, shown, { retryable: false, spent: { ...nothingSpent, costUsd }, cause: error })
    }
  }
}

function copyOf(item: EvaluationInput): EvaluationInput {
  return {
    ...item,
    input: toJson(item.input),
    output: toJson(item.output),
    expectedOutput: toJson(item.expectedOutput),
    metadata: toJson(item.metadata),
  }
}

function known({ evaluators }: DeclaredEvaluators): string {
  const names = [...evaluators.keys()]
  return names.length === 0 ? 'none' : names.join(', ')
}
