import type { EarlyStop } from '../../../domain/early-stop.ts'
import type { TaskSpec } from '../../../domain/execution/task.ts'
import type { Json } from '../../../domain/json/json.ts'
import type { RunSettings, RunSubset } from '../../../domain/run.ts'
import type { Queryable } from '../../client.ts'
import { columns } from '../../columns.ts'
import { Prisma, type Run } from '../../generated/prisma/client.ts'
import { queryRows } from '../../query-rows.ts'

/** A run with everything that is pinned when it starts. */
export interface NewRun {
  projectId: string
  experimentId: string
  datasetId: string
  datasetVersion: number
  name: string
  description: string | null
  metadata: Json
  seed: string
  task: TaskSpec
  /** The version of a prompt that the task was resolved to; null for none. */
  promptVersionId: string | null
  settings: RunSettings
  priority: number
  /** Null: every item. */
  subset: RunSubset | null
  earlyStop: EarlyStop | null
  startedById: string
  /** The caller's idempotency key, and the digest of its whole input. */
  idempotency: { key: string; digest: Buffer } | null
}

/** Inserts a run that has no items yet; returns its id. */
export async function insertRun(client: Queryable, run: NewRun): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO run (project_id, experiment_id, dataset_id, dataset_version, name, description, metadata, seed,
                      idempotency_key, idempotency_digest, task, settings, priority, early_stop, subset,
                      started_by_id, prompt_version_id, total, queued)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0, 0) RETURNING id`,
    [
      run.projectId,
      run.experimentId,
      run.datasetId,
      run.datasetVersion,
      run.name,
      run.description,
      jsonOrNull(run.metadata),
      run.seed,
      run.idempotency?.key,
      run.idempotency?.digest,
      JSON.stringify(run.task),
      JSON.stringify(run.settings),
      run.priority,
      jsonOrNull(run.earlyStop),
      jsonOrNull(run.subset),
      run.startedById,
      run.promptVersionId,
    ],
  )
  return rows[0]?.id as string
}

/**
 * Sets the number of items of a new run and returns the run. The items reference the run, so it is inserted first and
 * they are counted while being written: counting them before would read the dataset twice.
 */
export async function setTotal(client: Queryable, runId: string, total: number): Promise<Run> {
  const rows = await queryRows<Run>(
    client,
    `UPDATE run r SET total = $2, queued = $2 WHERE id = $1 RETURNING ${columns('r', Prisma.RunScalarFieldEnum)}`,
    [runId, total],
  )
  return rows[0] as Run
}

function jsonOrNull(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value)
}
