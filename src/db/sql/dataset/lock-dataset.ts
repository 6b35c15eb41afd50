import type { Json } from '../../../domain/json/json.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** The part of a dataset that its writers need. */
export interface DatasetHead {
  id: string
  name: string
  version: number
  itemCount: number
  inputSchema: Json
  expectedOutputSchema: Json
}

const headColumns = `id, name, version, item_count AS "itemCount", input_schema AS "inputSchema",
  expected_output_schema AS "expectedOutputSchema"`

/**
 * Locks the dataset until the transaction ends; null if the project has no such dataset. Every writer of a dataset or
 * its items does this first. NO KEY, so that experiments and runs, whose foreign keys reference the row, need not wait;
 * only a deletion blocks them.
 */
export async function lockDataset(
  client: Queryable,
  projectId: string,
  id: string,
  strength: 'NO KEY UPDATE' | 'UPDATE' = 'NO KEY UPDATE',
): Promise<DatasetHead | null> {
  const rows = await queryRows<DatasetHead>(
    client,
    `SELECT ${headColumns} FROM dataset WHERE id = $1 AND project_id = $2 FOR ${strength}`,
    [id, projectId],
  )
  return rows[0] ?? null
}

/**
 * Locks the dataset with this name until the transaction ends, creating it if necessary. The update in the upsert
 * changes nothing: it makes one statement wait for, lock and return a row that another transaction has just inserted.
 */
export async function lockDatasetByName(
  client: Queryable,
  dataset: { projectId: string; name: string; seed: string },
): Promise<DatasetHead> {
  const rows = await queryRows<DatasetHead>(
    client,
    `INSERT INTO dataset (project_id, name, seed) VALUES ($1, $2, $3)
     ON CONFLICT (project_id, name) DO UPDATE SET version = dataset.version
     RETURNING ${headColumns}`,
    [dataset.projectId, dataset.name, dataset.seed],
  )
  const [head] = rows
  if (!head) throw new Error(`Expected the upsert of dataset ${dataset.name} to return its row.`)
  return head
}

/** The dataset with this name, not locked; null if there is none yet. */
export async function findDatasetHead(client: Queryable, projectId: string, name: string): Promise<DatasetHead | null> {
  const rows = await queryRows<DatasetHead>(
    client,
    `SELECT ${headColumns} FROM dataset WHERE project_id = $1 AND name = $2`,
    [projectId, name],
  )
  return rows[0] ?? null
}
