import { hash } from 'node:crypto'
import { transaction } from '../../db/client.ts'
import { loadPinnedEvaluators, type PinnedEvaluator } from '../../db/sql/evaluator/pin-evaluators.ts'
import { loadPinnedRun } from '../../db/sql/run/load-pinned-run.ts'
import { lockPinnedFunctions, pinFunctions } from '../../db/sql/run/pin-functions.ts'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import { loadGivenScores } from '../../db/sql/score/load-given-scores.ts'
import { messageOf } from '../../domain/errors.ts'
import { type Evaluate, isOfRun } from '../../domain/evaluation.ts'
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
import { endpointOf, endpointOfEvaluator } from '../../domain/limits/endpoint.ts'
import type { RunSettings } from '../../domain/run.ts'
import type { RunResults } from '../../domain/run-results.ts'
import { compileCall } from '../../tasks/registry.ts'
import { createProjectEvaluator, executionOf, type ProjectEvaluator } from '../project-evaluator.ts'
import { createProjectTask } from '../project-task.ts'
import type { Services } from '../services.ts'
import { withNeededScores } from './needed-scores.ts'
import { loadRunResults } from './run-results.ts'
import { taskItem } from './task-item.ts'

/** An evaluator of a run, compiled. */
export interface PlannedEvaluator
  extends Pick<PinnedEvaluator, 'versionId' | 'name' | 'rules' | 'timeoutMs' | 'maxAttempts'> {
  evaluate: Evaluate
  /** Whose limits apply to its calls; null: none. */
  endpoint: string | null
  /** Whether it scores this item: the same items in every run. */
  samples: (itemId: string) => boolean
}

/**
 * How this process executes the items of a run. It is built from what the run pinned when it started; only when its outputs
 * are scored again, other evaluators take over. What can change during the run, such as its concurrency, comes with every
 * claim.
 */
export interface RunPlan {
  runId: string
  projectId: string
  /** Whose limits apply to the calls of its task; null: none. */
  endpoint: string | null
  settings: Pick<RunSettings, 'timeoutMs' | 'maxAttempts'>
  task: Task
  /** Whether its output can be followed while it is made. */
  canBeFollowed: boolean
  /** Those of items. */
  evaluators: PlannedEvaluator[]
  /** Those of the run as a whole. */
  runEvaluators: PlannedEvaluator[]
  /** What these see; null when the run is deleted. */
  results: (signal: AbortSignal) => Promise<RunResults | null>
  /** The key of an item's response in the cache; null when the run does not use the cache. */
  cacheKey: ((item: ClaimedItem) => string) | null
  /** Which entries of the cache are of its task. */
  cacheTask: string
  /** Functions that the run was started with and this process does not have now. */
  missingFunctions: () => MissingFunction[]
  /** Makes it again from what is pinned now: for evaluators that it does not have. */
  refresh: () => Promise<void>
}

/** Null when the run is deleted. A task or evaluator that cannot be created fails each item, with the reason. */
export async function loadRunPlan(services: Services, runId: string): Promise<RunPlan | null> {
  const { pool } = services.db
  const [run, evaluators] = await Promise.all([loadPinnedRun(pool, runId), loadPinnedEvaluators(pool, runId)])
  if (!run) return null
  const { rescoring } = run
  const functions = rescoring
    ? { tasks: {}, evaluators: rescoring.functions }
    : await completePins(services, runId, run.task, evaluators, run.functions)
  // Before the versions that score again have taken over it has none: the first evaluation makes it again.
  const pinned = rescoring && rescoring.replaced !== null ? [] : evaluators
  let refreshing: Promise<void> | null = null
  const plan: RunPlan = {
    runId,
    projectId: run.projectId,
    endpoint: endpointOf(run.task),
    settings: run.settings,
    task: makeTask(run.task, run.projectId, services),
    canBeFollowed: run.task.kind === 'prompt' && run.task.stream,
    cacheTask: cacheTaskOf(run.task),
    cacheKey: run.settings.cache && run.task.kind !== 'client' ? cacheKeyOf(run.task, functions) : null,
    evaluators: planEvaluators(services, run.projectId, pinned.filter(isOfServer).filter(isOfItems)),
    runEvaluators: planEvaluators(
      services,
      run.projectId,
      pinned.filter((evaluator) => !isOfItems(evaluator)),
    ),
    results: (signal) => loadRunResults(pool, runId, signal),
    missingFunctions: () => missingFunctions(functions, services.functions.registered),
    refresh() {
      refreshing ??= loadRunPlan(services, runId)
        .then((now) => void (now && Object.assign(plan, now, { refresh: plan.refresh })))
        .finally(() => {
          refreshing = null
        })
      return refreshing
    },
  }
  return plan
}

function isOfItems({ definition }: Pick<PinnedEvaluator, 'definition'>): boolean {
  return !isOfRun(definition)
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

function planEvaluators(services: Services, projectId: string, pinned: readonly PinnedEvaluator[]): PlannedEvaluator[] {
  const made = pinned.map((evaluator) => ({ ...evaluator, evaluate: makeEvaluate(services, projectId, evaluator) }))
  const connected = withNeededScores(made, async (subject, evaluators) => {
    const execution = executionOf(subject)
    return execution && loadGivenScores(services.db.pool, execution, evaluators)
  })
  return made.map(({ definition, versionId, name, rules, timeoutMs, maxAttempts, sampling, evaluate }, index) => ({
    ...{ versionId, name, rules, timeoutMs, maxAttempts },
    evaluate: connected[index] ?? evaluate,
    endpoint: endpointOfEvaluator(definition),
    samples: (itemId) => sampling >= 1 || fraction(`${versionId}:${itemId}`) < sampling,
  }))
}

function makeEvaluate(services: Services, projectId: string, evaluator: ProjectEvaluator): Evaluate {
  try {
    return createProjectEvaluator(services, projectId, evaluator)
  } catch (error) {
    return () => Promise.reject(error)
  }
}

/** A hash of the text, uniform in [0, 1). */
function fraction(text: string): number {
  return Number.parseInt(hash('sha256', text).slice(0, 8), 16) / 2 ** 32
}
