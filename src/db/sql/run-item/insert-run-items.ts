import type { RunSubset } from '../../../domain/run.ts'
import type { Queryable } from '../../client.ts'

/**
 * Writes the whole schedule of a run and returns its length. The order is that of a hash of seed and logical item, so
 * runs with the same seed share it whatever their version or subset; a sample is its beginning. Where an item is in a run
 * is found by this order (item-places.ts).
 */
export async function insertRunItems(
  client: Queryable,
  run: { id: string; datasetId: string; datasetVersion: number; seed: string; repetitions: number },
  subset: RunSubset,
): Promise<number> {
  const { rowCount } = await client.query(
    `INSERT INTO run_item (run_id, ordinal, item_id, position, repetition)
     SELECT $1, item.position * $5 + repetition, item.item_id, item.position, repetition
     FROM (
       SELECT item_id, (row_number() OVER (ORDER BY md5($4 || ':' || item_id) COLLATE "C", item_id) - 1)::int AS position
       FROM dataset_item_revision
       WHERE dataset_id = $2 AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $3)
         AND ($6::text[] IS NULL OR tags @> $6)
         AND ($7::bigint[] IS NULL OR item_id = ANY ($7))
       ORDER BY position
       LIMIT $8
     ) item
     CROSS JOIN generate_series(0, $5 - 1) AS repetition
     ORDER BY 2`,
    [
      run.id,
      run.datasetId,
      run.datasetVersion,
      run.seed,
      run.repetitions,
      subset.tags?.length ? subset.tags : null,
      subset.itemIds ?? null,
      subset.sample ?? null,
    ],
  )
  return rowCount ?? 0
}

/** How many items of the dataset a run would have, repetitions apart; counts no further than `limit`. */
export async function countRunItems(
  client: Queryable,
  run: { datasetId: string; datasetVersion: number },
  subset: RunSubset,
  limit: number,
): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM (
       SELECT FROM dataset_item_revision
       WHERE dataset_id = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2)
         AND ($3::text[] IS NULL OR tags @> $3)
         AND ($4::bigint[] IS NULL OR item_id = ANY ($4))
       LIMIT least($5::int, $6::int)
     ) item`,
    [
      run.datasetId,
      run.datasetVersion,
      subset.tags?.length ? subset.tags : null,
      subset.itemIds ?? null,
      subset.sample ?? null,
      limit,
    ],
  )
  return rows[0]?.count ?? 0
}
