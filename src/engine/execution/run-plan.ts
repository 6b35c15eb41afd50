import { createHash } from 'node:crypto'
import type { Queryable } from '../../db/client.ts'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import { canonicalJson } from '../../domain/canonical-json.ts'
import { type EndpointKey, endpointOf } from '../../domain/endpoint.ts'
import type { Direction, Evaluate, EvaluatorSpec, ScoreDataType } from '../../domain/evaluation.ts'
import type { RunSettings } from '../../domain/run.ts'
import { type Task, TaskError, type TaskSpec } from '../../domain/task.ts'
import { createEvaluator } from '../../evaluators/registry.ts'
import { createTask } from '../../tasks/registry.ts'
import type { Services } from '../services.ts'

/** An evaluator of a run, made ready. */
export interface PlannedEvaluator {
  versionId: string
  name: string
  dataType: ScoreDataType
  direction: Direction
  evaluate: Evaluate
  /** Whether it looks at this item: the same items in every run. */
  samples: (itemId: string) => boolean
}

/** All that a worker needs to execute a run, from what the run pinned when it started. */
export interface RunPlan extends EndpointKey {
  runId: string
  settings: RunSettings
  task: Task
  evaluators: PlannedEvaluator[]
  /** Names a response in the cache; null when the run does not want the cache. */
  cacheKey: ((item: Pick<ClaimedItem, 'input' | 'repetition'>) => string) | null
}

/** Null when the run is gone. What this worker cannot make ready fails item by item, with its reason. */
export async function loadRunPlan(client: Queryable, runId: string, services: Services): Promise<RunPlan | null> {
  const { rows } = await client.query<{ projectId: string; settings: RunSettings; task: TaskSpec }>(
    'SELECT project_id AS "projectId", settings, task FROM run WHERE id = $1',
    [runId],
  )
  const run = rows[0]
  if (!run) return null
  const evaluators = await client.query<{
    versionId: string
    name: string
    dataType: ScoreDataType
    direction: Direction
    sampling: number
    definition: EvaluatorSpec
  }>(
    `SELECT v.id AS "versionId", e.name, v.data_type AS "dataType", v.direction, v.sampling, v.definition
     FROM run_evaluator re
     JOIN evaluator_version v ON v.id = re.evaluator_version_id
     JOIN evaluator e ON e.id = v.evaluator_id
     WHERE re.run_id = $1 ORDER BY e.name`,
    [runId],
  )
  return {
    runId,
    projectId: run.projectId,
    endpoint: endpointOf(run.task),
    settings: run.settings,
    task: makeTask(run.task, services),
    cacheKey: run.settings.cache
      ? ({ input, repetition }) => sha256(canonicalJson([{ ...run.task }, input, repetition]))
      : null,
    evaluators: evaluators.rows.map(({ definition, sampling, ...evaluator }) => ({
      ...evaluator,
      evaluate: makeEvaluate(definition, evaluator.name, services),
      samples: (itemId) => sampling >= 1 || fraction(`${evaluator.versionId}:${itemId}`) < sampling,
    })),
  }
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
  return Number.parseInt(sha256(text).slice(0, 8), 16) / 2 ** 32
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
