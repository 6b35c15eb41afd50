import type { Queryable } from '../../client.ts'

/** What a row takes besides its values of any length: its other columns, its header and its places in indexes. */
const rowBytes = { item: 250, score: 200, revision: 250 }

/** The sum of the values in these columns, compressed as they are stored; none is read for it. */
const sizes = (columns: readonly string[]) =>
  columns.map((column) => `coalesce(pg_column_size(${column}), 0)`).join(' + ')

/** Measured again at most this often while something changes. */
const again = `interval '1 minute'`

/**
 * Measures runs that have changed since they were measured, of projects with a limit of storage, at most `limit`. A run is
 * read once for it, by its key.
 * @returns how many were measured
 */
export async function measureRuns(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `INSERT INTO run_size (run_id, seq, bytes, measured_at)
     SELECT stale.id, stale.seq,
       (SELECT coalesce(sum(${rowBytes.item} + ${sizes(['output', 'error', 'generation', 'recorded'])}), 0)
        FROM run_item WHERE run_id = stale.id)
       + (SELECT coalesce(sum(${rowBytes.score} + ${sizes(['label', 'comment', 'metadata', 'error'])}), 0)
          FROM score WHERE run_id = stale.id),
       now()
     FROM (
       SELECT r.id, r.seq FROM project_quota q JOIN run r USING (project_id) LEFT JOIN run_size s ON s.run_id = r.id
       WHERE q.storage_mb IS NOT NULL
         AND (s.run_id IS NULL OR (s.seq <> r.seq AND s.measured_at < now() - ${again}))
       ORDER BY s.measured_at NULLS FIRST LIMIT $1
     ) stale
     ON CONFLICT (run_id) DO UPDATE SET seq = excluded.seq, bytes = excluded.bytes, measured_at = excluded.measured_at`,
    [limit],
  )
  return rowCount ?? 0
}

/** The same for datasets, with all versions of their items. @returns how many were measured */
export async function measureDatasets(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `INSERT INTO dataset_size (dataset_id, version, bytes, measured_at)
     SELECT stale.id, stale.version,
       (SELECT coalesce(sum(${rowBytes.revision} + ${sizes(['input', 'expected_output', 'metadata', 'tags'])}), 0)
        FROM dataset_item_revision WHERE dataset_id = stale.id),
       now()
     FROM (
       SELECT d.id, d.version FROM project_quota q JOIN dataset d USING (project_id)
         LEFT JOIN dataset_size s ON s.dataset_id = d.id
       WHERE q.storage_mb IS NOT NULL
         AND (s.dataset_id IS NULL OR (s.version <> d.version AND s.measured_at < now() - ${again}))
       ORDER BY s.measured_at NULLS FIRST LIMIT $1
     ) stale
     ON CONFLICT (dataset_id)
       DO UPDATE SET version = excluded.version, bytes = excluded.bytes, measured_at = excluded.measured_at`,
    [limit],
  )
  return rowCount ?? 0
}
