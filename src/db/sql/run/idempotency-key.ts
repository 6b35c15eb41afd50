import type { Queryable } from '../../client.ts'

/**
 * Waits until no other transaction starts a run with the key, and holds it until this one ends. A lock of its own and
 * not the unique index: a second INSERT would only find out after it had written the whole schedule of the run.
 */
export async function lockIdempotencyKey(client: Queryable, projectId: string, key: string): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`idempotency:${projectId}:${key}`])
}

/** The run that the key started, with the digest of its input. Read after the lock, so that it sees what was waited for. */
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
