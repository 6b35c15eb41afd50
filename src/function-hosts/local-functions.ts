import { messageOf } from '../domain/errors.ts'
import type { Evaluation, EvaluationInput } from '../domain/evaluation.ts'
import {
  type EvaluatorCall,
  type Functions,
  type RegisteredFunction,
  type RegisteredFunctions,
  registeredFunctions,
} from '../domain/execution/functions.ts'
import type { Modules } from '../domain/execution/modules.ts'
import { type TaskCall, TaskError, type TaskItem, type TaskResult } from '../domain/execution/task.ts'
import { createModuleEvaluator } from '../evaluators/module.ts'
import { asTaskError, callTask } from '../tasks/call-task.ts'
import { createModuleTask } from '../tasks/module.ts'

/** Calls the functions of a config in this process: what a function host does with every call that it gets. */
export class LocalFunctions implements Functions {
  readonly registered: RegisteredFunctions
  readonly problem = null
  readonly #modules: Modules

  constructor(modules: Modules, hash: string) {
    this.#modules = modules
    this.registered = registeredFunctions(describeFunctions(modules, hash))
  }

  callTask(name: string, item: TaskItem, call: TaskCall): Promise<TaskResult> {
    return callTask(createModuleTask({ kind: 'module', name }, this.#modules), item, call)
  }

  async evaluate(
    module: string,
    scoreName: string,
    item: EvaluationInput,
    { signal, timeoutMs }: EvaluatorCall,
  ): Promise<Evaluation[]> {
    const evaluate = createModuleEvaluator({ kind: 'module', module }, scoreName, this.#modules)
    try {
      return await evaluate(item, { signal, timeoutMs })
    } catch (error) {
      if (signal.aborted) throw signal.reason
      // Its message is made by then, and what was thrown is its cause.
      const { code, retryable, retryAfterMs, overloaded, spent } = asTaskError(error)
      const cause = error instanceof Error ? error.cause : undefined
      throw new TaskError(code, messageOf(error), { retryable, retryAfterMs, overloaded, spent, cause })
    }
  }
}

/** @param hash of the config; a function with a version is known by that instead */
function describeFunctions({ tasks, evaluators }: Modules, hash: string): RegisteredFunction[] {
  return [
    ...[...tasks.values()].map(({ name, description = null, version }) => ({
      kind: 'TASK' as const,
      name,
      description,
      hash: identityOf(version, hash),
    })),
    ...[...evaluators.values()].map(({ evaluate: _, name, description = null, version, ...rules }) => ({
      kind: 'EVALUATOR' as const,
      name,
      description,
      hash: identityOf(version, hash),
      ...rules,
    })),
  ]
}

function identityOf(version: string | undefined, hash: string): string {
  return version === undefined ? hash : `version ${version}`
}
