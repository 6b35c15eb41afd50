import type { Json } from '../../../domain/json/json.ts'
import type { Queryable } from '../../client.ts'

/** New values; undefined leaves a column unchanged, null clears it. */
export interface DatasetChanges {
  name?: string
  description?: string | null
  metadata?: Json
  inputSchema?: Json
  expectedOutputSchema?: Json
  clusterPath?: readonly string[] | null
}

const json = (value: Json | undefined) => (value == null ? null : JSON.stringify(value))

/**
 * SQL, because it shares the transaction that locked the dataset and validated its items. A flag with each value
 * distinguishes clearing it from leaving it unchanged.
 */
export async function updateDatasetRow(client: Queryable, id: string, changes: DatasetChanges): Promise<void> {
  const { name, description, metadata, inputSchema, expectedOutputSchema, clusterPath } = changes
  await client.query(
    `UPDATE dataset SET updated_at = now(), name = COALESCE($2, name),
       description = CASE WHEN $3 THEN $4 ELSE description END,
       metadata = CASE WHEN $5 THEN $6::jsonb ELSE metadata END,
       input_schema = CASE WHEN $7 THEN $8::jsonb ELSE input_schema END,
       expected_output_schema = CASE WHEN $9 THEN $10::jsonb ELSE expected_output_schema END,
       cluster_path = CASE WHEN $11 THEN $12::text[] ELSE cluster_path END
     WHERE id = $1`,
    [
      id,
      name ?? null,
      description !== undefined,
      description ?? null,
      metadata !== undefined,
      json(metadata),
      inputSchema !== undefined,
      json(inputSchema),
      expectedOutputSchema !== undefined,
      json(expectedOutputSchema),
      clusterPath !== undefined,
      clusterPath ?? [],
    ],
  )
}
