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

export const datasetHeadColumns = `id, name, version, item_count AS "itemCount", input_schema AS "inputSchema",
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
    `SELECT ${datasetHeadColumns} FROM dataset WHERE id = $1 AND project_id = $2 FOR ${strength}`,
    [id, projectId],
  )
  return rows[0] ?? null
}
