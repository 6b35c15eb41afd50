import * as z from 'zod'
import { messageOf } from '../domain/errors.ts'
import type { Evaluate, ModuleEvaluatorSpec, ScoreRules } from '../domain/evaluation.ts'
import { excerpt } from '../domain/excerpt.ts'
import { withDeadline } from '../domain/execution/deadline.ts'
import type { Modules } from '../domain/execution/modules.ts'
import { nothingSpent, TaskError } from '../domain/execution/task.ts'
import { costOf } from '../domain/execution/usage.ts'
import { invalidInput, parseInput } from '../domain/parse-input.ts'
import type { RunResults } from '../domain/run-results.ts'
import { evaluationsOf } from './module-result.ts'

/** Timeout of an evaluator function that has no other, in milliseconds. */
export const evaluatorTimeoutMs = 60_000

const schema = z.strictObject({ kind: z.literal('module'), module: z.string(), level: z.literal('RUN').optional() })

/** The evaluators that there are, and what they say of their scores. */
export interface DeclaredEvaluators {
  evaluators: ReadonlyMap<string, Partial<ScoreRules> & { level?: 'ITEM' | 'RUN' }>
}

export function parseModuleEvaluator(
  input: unknown,
  functions: DeclaredEvaluators,
  path: readonly string[],
): ModuleEvaluatorSpec {
  const { level: _, ...spec } = parseInput(schema, input, path)
  const declared = functions.evaluators.get(spec.module)
  if (!declared) {
    throw invalidInput([...path, 'name'], `expected an evaluator of assay.config.ts: ${known(functions)}`, spec.module)
  }
  return declared.level === 'RUN' ? { ...spec, level: 'RUN' } : spec
}

/** A function of assay.config.ts, called in this process with an item that is its own. */
export function createModuleEvaluator(spec: ModuleEvaluatorSpec, name: string, modules: Modules): Evaluate {
  return async (item, { signal, timeoutMs = evaluatorTimeoutMs }) => {
    const module = modules.evaluators.get(spec.module)
    if (!module) {
      throw new Error(`assay.config.ts of this worker has no evaluator "${spec.module}"; it has ${known(modules)}.`)
    }
    try {
      const returned = await withDeadline<unknown>(
        () =>
          module.level === 'RUN'
            ? module.evaluate(item as unknown as RunResults)
            : module.evaluate({ ...item, expected: item.expectedOutput }),
        { signal, timeoutMs },
      )
      return evaluationsOf(returned, { name, dataType: module.dataType })
    } catch (error) {
      if (signal.aborted) throw signal.reason
      const message = error instanceof Error ? messageOf(error) : `The evaluator threw ${messageOf(error)}`
      const shown = excerpt(message, 2_000)
      if (!(error instanceof TaskError)) {
        const retryable = typeof error === 'object' && error !== null ? Reflect.get(error, 'retryable') : undefined
        throw Object.assign(new Error(shown, { cause: error }), typeof retryable === 'boolean' && { retryable })
      }
      const { code, spent, retryable, retryAfterMs, overloaded } = error
      const costUsd = costOf(spent?.costUsd)
      throw new TaskError(code, shown, {
        ...{ retryable, retryAfterMs, overloaded },
        ...{ spent: { ...nothingSpent, costUsd }, cause: error },
      })
    }
  }
}

function known({ evaluators }: DeclaredEvaluators): string {
  const names = [...evaluators.keys()]
  return names.length === 0 ? 'none' : names.join(', ')
}
