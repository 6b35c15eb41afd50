import type { Queryable } from '../../client.ts'

/**
 * Items on their way into a dataset. They are staged in a temporary table rather than in parameters, because there may
 * be millions: the table spills to disk, is private to the transaction and is gone with it. A handful of items takes
 * the same way, so that there is one.
 */
export async function createStaging(client: Queryable): Promise<void> {
  await client.query(
    `CREATE TEMP TABLE dataset_staging (
       n INTEGER NOT NULL,
       line INTEGER NOT NULL,
       item_id BIGINT,
       key TEXT,
       identity TEXT NOT NULL,
       input JSONB NOT NULL,
       expected_output JSONB,
       metadata JSONB,
       tags TEXT[] NOT NULL,
       digest BYTEA NOT NULL
     ) ON COMMIT DROP`,
  )
}
