import type { Queryable } from '../../client.ts'

interface NewSession {
  sha256: Buffer
  apiKeyId: string | null
  /** Only without a key. */
  personId: string | null
  projectId: string | null
}

/** When a session ends, as SQL. @param start when it began */
const expiry = (start: string) => `LEAST(${start} + interval '90 days', now() + interval '30 days')`

export async function insertSession(
  db: Queryable,
  { sha256, apiKeyId, personId, projectId }: NewSession,
): Promise<void> {
  await db.query(
    `INSERT INTO session (sha256, api_key_id, person_id, project_id, expires_at) VALUES ($1, $2, $3, $4, ${expiry('now()')})`,
    [sha256, apiKeyId, personId, projectId],
  )
}

/** Records that a session, and with it its key, is in use, which lets it last longer. */
export async function touchSession(db: Queryable, id: string): Promise<void> {
  await db.query(
    `WITH used AS (
       UPDATE session SET last_used_at = now(), expires_at = ${expiry('created_at')} WHERE id = $1 RETURNING api_key_id
     )
     UPDATE api_key SET last_used_at = now() WHERE id = (SELECT api_key_id FROM used)`,
    [id],
  )
}

export async function setSessionProject(db: Queryable, id: string, projectId: string): Promise<void> {
  await db.query('UPDATE session SET project_id = $2 WHERE id = $1', [id, projectId])
}

export async function deleteSession(db: Queryable, sha256: Buffer): Promise<void> {
  await db.query('DELETE FROM session WHERE sha256 = $1', [sha256])
}

/** Deletes all sessions that have ended, and of those with the key (null: without one) all but the `keep` last used. */
export async function deleteSurplusSessions(db: Queryable, apiKeyId: string | null, keep: number): Promise<void> {
  await db.query(
    `DELETE FROM session WHERE expires_at <= now() OR id IN (
       SELECT id FROM session WHERE api_key_id IS NOT DISTINCT FROM $1 ORDER BY last_used_at DESC, id OFFSET $2
     )`,
    [apiKeyId, keep],
  )
}
