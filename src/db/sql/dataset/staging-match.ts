import type { Queryable } from '../../client.ts'

/**
 * Finds for every staged item the item of the dataset that it is, or gives it a new id: table `dataset_match`.
 *
 * Items without a key that have the same input are told apart by their order: the first staged one is the dataset's
 * first live one, and so on, so an export re-imports as itself also after some were archived. Items that the caller
 * named by id are out of that order. Ids are drawn in the order of the rows, because that is the order of lists.
 *
 * ANALYZE of both: without statistics the planner takes the tables for small and nests loops.
 */
export async function matchStaging(client: Queryable, datasetId: string): Promise<void> {
  await client.query('ANALYZE dataset_staging')
  await client.query(
    `CREATE TEMP TABLE dataset_match ON COMMIT DROP AS
     WITH existing AS (
       SELECT i.id, i.identity, named.item_id IS NOT NULL AS named,
              max(i.occurrence) OVER (PARTITION BY i.identity) AS last_occurrence,
              row_number() OVER (
                PARTITION BY i.identity, named.item_id IS NOT NULL ORDER BY r.item_id IS NULL, i.id
              ) AS nth
       FROM dataset_item i
       LEFT JOIN dataset_item_revision r ON r.item_id = i.id AND r.valid_to IS NULL
       LEFT JOIN dataset_staging named ON named.item_id = i.id
       WHERE i.dataset_id = $1 AND i.identity IN (SELECT identity FROM dataset_staging)
     ), staged AS (
       SELECT n, item_id, identity, digest,
              row_number() OVER (PARTITION BY identity, item_id IS NOT NULL ORDER BY n) AS nth,
              row_number() OVER (PARTITION BY identity ORDER BY n)::int AS any_nth
       FROM dataset_staging
     ), last AS (
       SELECT identity, max(last_occurrence) AS occurrence FROM existing GROUP BY identity
     ), found AS (
       SELECT s.n, i.id AS item_id, i.identity <> s.identity AS is_moved,
              COALESCE(last.occurrence, -1) + s.any_nth AS free_occurrence,
              r.item_id IS NOT NULL AS was_live, r.digest IS DISTINCT FROM s.digest AS is_changed
       FROM staged s
       LEFT JOIN existing e ON s.item_id IS NULL AND NOT e.named AND e.identity = s.identity AND e.nth = s.nth
       LEFT JOIN last ON last.identity = s.identity
       LEFT JOIN dataset_item i ON i.id = COALESCE(s.item_id, e.id)
       LEFT JOIN dataset_item_revision r ON r.item_id = i.id AND r.valid_to IS NULL
       ORDER BY s.n
     )
     SELECT n, COALESCE(item_id, nextval('dataset_item_id_seq')) AS item_id, item_id IS NULL AS is_new,
            COALESCE(is_moved, false) AS is_moved, free_occurrence, was_live, is_changed
     FROM found`,
    [datasetId],
  )
  await client.query('ANALYZE dataset_match')
}
