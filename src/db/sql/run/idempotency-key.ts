import type { Queryable } from '../../client.ts'

/**
 * Waits until no other transaction is starting a run with the key, and holds the key until this one ends. A lock
 * instead of the unique index: a second INSERT would fail only after writing the whole schedule of the run.
 */
export async function lockIdempotencyKey(client: Queryable, projectId: string, key: string): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`idempotency:${projectId}:${key}`])
}

/**
 * The run started with the key, and the digest of its input. Read after the lock, so that it sees the run it waited
 * for.
 */
export async function findRunByKey(
  client: Queryable,
  projectId: string,
  key: string,
): Promise<{ id: string; digest: Buffer } | null> {
  const { rows } = await client.query<{ id: string; digest: Buffer }>(
    'SELECT id, idempotency_digest AS digest FROM run WHERE project_id = $1 AND idempotency_key = $2',
    [projectId, key],
  )
  return rows[0] ?? null
}
