import type { Role } from '../../../domain/scope.ts'
import type { Queryable } from '../../client.ts'
import { type RunsOfProject, tagSql } from '../run/tag-finished-runs.ts'

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
  /** Whether it was used within the last minute. */
  isRecent: boolean
  expiresAt: Date
  /** Of the runs that were asked about, at the same moment; see tag-finished-runs.ts. */
  tag: string | null
}

/** The session whose token has this hash, unless it or its key has ended. One statement, as for keys: find-api-key.ts. */
export async function findSession(
  db: Queryable,
  sha256: Buffer,
  runs: RunsOfProject | null = null,
): Promise<SessionInUse | null> {
  const { rows } = await db.query<SessionInUse>({
    name: runs ? 'find-session-and-tag' : 'find-session',
    text: `SELECT s.id, s.api_key_id AS "apiKeyId", k.project_id AS "keyProjectId", k.role, s.project_id AS "projectId",
            s.last_used_at > now() - interval '1 minute' AS "isRecent", s.expires_at AS "expiresAt",
            jsonb_build_object('id', person.id, 'name', person.name) AS person,
            ${runs ? tagSql('$2', '$3') : 'NULL'} AS tag
     FROM session s
       LEFT JOIN api_key k ON k.id = s.api_key_id
       JOIN person ON person.id = COALESCE(k.person_id, s.person_id)
     WHERE s.sha256 = $1 AND s.expires_at > now() AND k.revoked_at IS NULL`,
    values: runs ? [sha256, runs.projectId, runs.runIds] : [sha256],
  })
  return rows[0] ?? null
}
