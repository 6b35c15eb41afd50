import { hash } from 'node:crypto'
import { transaction } from '../../db/client.ts'
import { loadPinnedEvaluators, type PinnedEvaluator } from '../../db/sql/evaluator/pin-evaluators.ts'
import { loadPinnedRun } from '../../db/sql/run/load-pinned-run.ts'
import { lockPinnedFunctions, pinFunctions } from '../../db/sql/run/pin-functions.ts'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Evaluate, EvaluatorSpec } from '../../domain/evaluation.ts'
import {
  type MissingFunction,
  missingFunctions,
  neededFunctions,
  type PinnedFunctions,
  pin,
} from '../../domain/execution/functions.ts'
import { type Task, TaskError, type TaskSpec } from '../../domain/execution/task.ts'
import { canonicalJson } from '../../domain/json/canonical-json.ts'
import type { Json } from '../../domain/json/json.ts'
import { type EndpointKey, endpointOf } from '../../domain/limits/endpoint.ts'
import type { RunSettings } from '../../domain/run.ts'
import { createEvaluator } from '../../evaluators/registry.ts'
import { compileCall } from '../../tasks/registry.ts'
import { createProjectTask } from '../project-task.ts'
import type { Services } from '../services.ts'
import { taskItem } from './task-item.ts'

/** An evaluator of a run, compiled. */
export interface PlannedEvaluator extends Pick<PinnedEvaluator, 'versionId' | 'name' | 'rules'> {
  evaluate: Evaluate
  /** Whether it scores this item: the same items in every run. */
  samples: (itemId: string) => boolean
}

/**
 * How this process executes the items of a run. It is built from what the run pinned when it started, so it never goes
 * stale. What can change during the run, such as its concurrency, comes with every claim.
 */
export interface RunPlan extends EndpointKey {
  runId: string
  settings: Pick<RunSettings, 'timeoutMs' | 'maxAttempts'>
  task: Task
  /** Whether its output can be followed while it is made. */
  canBeFollowed: boolean
  evaluators: PlannedEvaluator[]
  /** The key of an item's response in the cache; null when the run does not use the cache. */
  cacheKey: ((item: ClaimedItem) => string) | null
  /** Which entries of the cache are of its task. */
  cacheTask: string
  /** Functions that the run was started with and this process does not have now. */
  missingFunctions: () => MissingFunction[]
}

/** Null when the run is deleted. A task or evaluator that cannot be created fails each item, with the reason. */
export async function loadRunPlan(services: Services, runId: string): Promise<RunPlan | null> {
  const { pool } = services.db
  const [run, evaluators] = await Promise.all([loadPinnedRun(pool, runId), loadPinnedEvaluators(pool, runId)])
  if (!run) return null
  const functions = await completePins(services, runId, run.task, evaluators, run.functions)
  return {
    runId,
    projectId: run.projectId,
    endpoint: endpointOf(run.task),
    settings: run.settings,
    task: makeTask(run.task, run.projectId, services),
    canBeFollowed: run.task.kind === 'prompt' && run.task.stream,
    cacheTask: cacheTaskOf(run.task),
    cacheKey: run.settings.cache && run.task.kind !== 'client' ? cacheKeyOf(run.task, functions) : null,
    evaluators: evaluators.filter(isOfServer).map(({ definition, sampling, ...evaluator }) => ({
      ...evaluator,
      evaluate: makeEvaluate(definition, evaluator.name, services),
      samples: (itemId) => sampling >= 1 || fraction(`${evaluator.versionId}:${itemId}`) < sampling,
    })),
    missingFunctions: () => missingFunctions(functions, services.functions.registered),
  }
}

/** Whether the server executes it; the others score where clients execute them. */
export function isOfServer({ definition }: Pick<PinnedEvaluator, 'definition'>): boolean {
  return definition.kind !== 'client'
}

/**
 * The functions of the run. If it was started when no worker was there to say which they are, they are those of the
 * first worker that has them all.
 */
async function completePins(
  { db, functions: { registered } }: Services,
  runId: string,
  task: TaskSpec,
  evaluators: readonly PinnedEvaluator[],
  pinned: PinnedFunctions | null,
): Promise<PinnedFunctions> {
  const definitions = evaluators.map(({ definition }) => definition)
  const needed = (before: PinnedFunctions | null) => before ?? neededFunctions(task, definitions)
  const isOpen = (functions: PinnedFunctions) =>
    [functions.tasks, functions.evaluators].some((of) => Object.values(of).includes(null))
  const before = needed(pinned)
  if (!isOpen(before) || missingFunctions(before, registered).length > 0) return before
  return transaction(db.pool, async (client) => {
    const locked = needed(await lockPinnedFunctions(client, runId))
    if (!isOpen(locked) || missingFunctions(locked, registered).length > 0) return locked
    const complete = pin(locked, registered)
    await pinFunctions(client, runId, complete)
    return complete
  })
}

/** Everything that the call can see: equal keys have equal calls. A changed function is another one. */
function cacheKeyOf(task: TaskSpec, functions: PinnedFunctions): (item: ClaimedItem) => string {
  const callOf = compileCall(task, functions.tasks)
  return (claimed) => {
    const { attempt: _, ...item } = taskItem(claimed)
    return hash('sha256', canonicalJson([cachedPart(task), item.repetition, callOf(item)]))
  }
}

/** Equal for tasks with the same entries in the cache: sha256, in hex. */
export function cacheTaskOf(task: TaskSpec): string {
  return hash('sha256', canonicalJson(cachedPart(task)))
}

/** What of a task decides on its outputs. */
function cachedPart(task: TaskSpec): Json {
  if (task.kind !== 'prompt') return { ...task }
  const { kind, provider, model, prompt, parameters } = task
  return JSON.parse(
    JSON.stringify({ kind, provider, model, prompt: 'content' in prompt && prompt.content, parameters }),
  )
}

function makeTask(spec: TaskSpec, projectId: string, services: Services): Task {
  try {
    return createProjectTask(services, projectId, spec)
  } catch (error) {
    const code = spec.kind === 'module' ? 'MODULE_NOT_FOUND' : 'TASK_FAILED'
    return () => Promise.reject(new TaskError(code, messageOf(error), { retryable: false }))
  }
}

function makeEvaluate(spec: EvaluatorSpec, name: string, { functions }: Services): Evaluate {
  try {
    return createEvaluator(spec, name, functions)
  } catch (error) {
    return () => Promise.reject(error)
  }
}

/** A hash of the text, uniform in [0, 1). */
function fraction(text: string): number {
  return Number.parseInt(hash('sha256', text).slice(0, 8), 16) / 2 ** 32
}
