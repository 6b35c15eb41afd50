import type { Role } from '../../../domain/scope.ts'
import type { Queryable } from '../../client.ts'

export interface SessionInUse {
  id: string
  /** Null: a session of a server that needs no keys. */
  apiKeyId: string | null
  /** The project of its key; null: it has none, or one of the installation. */
  keyProjectId: string | null
  /** Null without a key. */
  role: Role | null
  person: { id: string; name: string }
  /** The project that was chosen. */
  projectId: string | null
  lastUsedAt: Date
  expiresAt: Date
}

/** The session whose token has this hash, unless it or its key has ended. One statement, because requests wait for it. */
export async function findSession(db: Queryable, sha256: Buffer): Promise<SessionInUse | null> {
  const { rows } = await db.query<SessionInUse>(
    `SELECT s.id, s.api_key_id AS "apiKeyId", k.project_id AS "keyProjectId", k.role, s.project_id AS "projectId",
            s.last_used_at AS "lastUsedAt", s.expires_at AS "expiresAt",
            jsonb_build_object('id', person.id, 'name', person.name) AS person
     FROM session s
       LEFT JOIN api_key k ON k.id = s.api_key_id
       JOIN person ON person.id = COALESCE(k.person_id, s.person_id)
     WHERE s.sha256 = $1 AND s.expires_at > now() AND k.revoked_at IS NULL`,
    [sha256],
  )
  return rows[0] ?? null
}
