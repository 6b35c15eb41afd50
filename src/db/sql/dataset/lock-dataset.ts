import type { Json } from '../../../domain/json.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** What a writer of a dataset decides by. */
export interface DatasetHead {
  id: string
  name: string
  version: number
  itemCount: number
  inputSchema: Json
  expectedOutputSchema: Json
}

export const headColumns = `id, name, version, item_count AS "itemCount", input_schema AS "inputSchema",
  expected_output_schema AS "expectedOutputSchema"`

/**
 * Takes the dataset until the transaction ends; null when the project has no such one. Every writer of a dataset or of
 * its items does this first. NO KEY, so that experiments and runs, whose foreign keys look at the row, need not wait;
 * only who deletes it makes them.
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
 * Takes the dataset of this name until the transaction ends and creates it when it is missing. The upsert's update
 * changes nothing: it is what makes one statement wait for, lock and return a row that another transaction just made.
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
  if (!head) throw new Error(`Expected the upsert of dataset ${dataset.name} to return its row`)
  return head
}

/** The dataset of this name, not locked; null when there is none yet. */
export async function findDatasetHead(client: Queryable, projectId: string, name: string): Promise<DatasetHead | null> {
  const rows = await queryRows<DatasetHead>(
    client,
    `SELECT ${headColumns} FROM dataset WHERE project_id = $1 AND name = $2`,
    [projectId, name],
  )
  return rows[0] ?? null
}
