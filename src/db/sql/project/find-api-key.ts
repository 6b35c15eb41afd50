import type { Role } from '../../../domain/scope.ts'
import type { Queryable } from '../../client.ts'

export interface ApiKeyInUse {
  id: string
  /** Null: a key of the installation. */
  projectId: string | null
  role: Role
  person: { id: string; name: string }
  lastUsedAt: Date | null
}

/** The key with this hash, unless it was revoked. One statement, because every request waits for it. */
export async function findApiKey(db: Queryable, sha256: Buffer): Promise<ApiKeyInUse | null> {
  const { rows } = await db.query<ApiKeyInUse>(
    `SELECT k.id, k.project_id AS "projectId", k.role, k.last_used_at AS "lastUsedAt",
            jsonb_build_object('id', person.id, 'name', person.name) AS person
     FROM api_key k JOIN person ON person.id = k.person_id
     WHERE k.sha256 = $1 AND k.revoked_at IS NULL`,
    [sha256],
  )
  return rows[0] ?? null
}
