import { hash } from 'node:crypto'
import { loadPinnedRun } from '../../db/sql/run/load-pinned-run.ts'
import { loadPinnedEvaluators, type PinnedEvaluator } from '../../db/sql/run/pinned-evaluators.ts'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import { canonicalJson } from '../../domain/canonical-json.ts'
import { type EndpointKey, endpointOf } from '../../domain/endpoint.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Evaluate, EvaluatorSpec } from '../../domain/evaluation.ts'
import type { Modules } from '../../domain/modules.ts'
import type { RunSettings } from '../../domain/run.ts'
import { type Task, TaskError, type TaskSpec } from '../../domain/task.ts'
import { createEvaluator } from '../../evaluators/registry.ts'
import { createTask } from '../../tasks/registry.ts'
import type { Services } from '../services.ts'

/** An evaluator of a run, made ready. */
export interface PlannedEvaluator extends Pick<PinnedEvaluator, 'versionId' | 'name' | 'dataType' | 'direction'> {
  evaluate: Evaluate
  /** Whether it looks at this item: the same items in every run. */
  samples: (itemId: string) => boolean
}

/**
 * How this process executes the items of a run, from what the run pinned when it started: it is never out of date.
 * What may change while the run executes, its concurrency for one, comes with every claim.
 */
export interface RunPlan extends EndpointKey {
  runId: string
  settings: Pick<RunSettings, 'timeoutMs' | 'maxAttempts'>
  task: Task
  evaluators: PlannedEvaluator[]
  /** Names a response in the cache; null when the run does not want the cache. */
  cacheKey: ((item: Pick<ClaimedItem, 'input' | 'repetition'>) => string) | null
  /** Functions that the run needs and that this process's config does not register. */
  missingFunctions: string[]
}

/** Null when the run is gone. What this worker cannot make ready fails item by item, with its reason. */
export async function loadRunPlan(services: Services, runId: string): Promise<RunPlan | null> {
  const { pool } = services.db
  const [run, evaluators] = await Promise.all([loadPinnedRun(pool, runId), loadPinnedEvaluators(pool, runId)])
  if (!run) return null
  return {
    runId,
    projectId: run.projectId,
    endpoint: endpointOf(run.task),
    settings: run.settings,
    task: makeTask(run.task, services),
    cacheKey: run.settings.cache
      ? ({ input, repetition }) => hash('sha256', canonicalJson([{ ...run.task }, input, repetition]))
      : null,
    evaluators: evaluators.map(({ definition, sampling, ...evaluator }) => ({
      ...evaluator,
      evaluate: makeEvaluate(definition, evaluator.name, services),
      samples: (itemId) => sampling >= 1 || fraction(`${evaluator.versionId}:${itemId}`) < sampling,
    })),
    missingFunctions: missingFunctions(run.task, evaluators, services.modules),
  }
}

function missingFunctions(task: TaskSpec, evaluators: readonly PinnedEvaluator[], modules: Modules): string[] {
  const missing = task.kind === 'module' && !modules.tasks.has(task.name) ? [task.name] : []
  for (const { definition } of evaluators) {
    if (definition.kind === 'module' && !modules.evaluators.has(definition.module)) missing.push(definition.module)
  }
  return missing
}

function makeTask(spec: TaskSpec, { modules, http }: Services): Task {
  try {
    return createTask(spec, modules, http)
  } catch (error) {
    const code = spec.kind === 'module' ? 'MODULE_NOT_FOUND' : 'TASK_FAILED'
    return () => Promise.reject(new TaskError(code, messageOf(error), { retryable: false }))
  }
}

function makeEvaluate(spec: EvaluatorSpec, name: string, { modules }: Services): Evaluate {
  try {
    return createEvaluator(spec, name, modules)
  } catch (error) {
    return () => Promise.reject(error)
  }
}

/** Uniform in [0, 1), the same for the same text. */
function fraction(text: string): number {
  return Number.parseInt(hash('sha256', text).slice(0, 8), 16) / 2 ** 32
}
