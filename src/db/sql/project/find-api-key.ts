import type { Role } from '../../../domain/scope.ts'
import type { Queryable } from '../../client.ts'
import { type RunsOfProject, tagSql } from '../run/tag-finished-runs.ts'

export interface ApiKeyInUse {
  id: string
  /** Null: a key of the installation. */
  projectId: string | null
  role: Role
  person: { id: string; name: string }
  /** Whether it was used within the last minute. */
  isRecent: boolean
  /** Of the runs that were asked about, at the same moment; see tag-finished-runs.ts. */
  tag: string | null
}

/**
 * The key with this hash, unless it was revoked. One statement, because requests wait for it; what an answer that is
 * kept depends on is read by the same one.
 */
export async function findApiKey(
  db: Queryable,
  sha256: Buffer,
  runs: RunsOfProject | null = null,
): Promise<ApiKeyInUse | null> {
  const { rows } = await db.query<ApiKeyInUse>({
    name: runs ? 'find-api-key-and-tag' : 'find-api-key',
    text: `SELECT k.id, k.project_id AS "projectId", k.role, coalesce(k.last_used_at > now() - interval '1 minute', false) AS "isRecent",
             jsonb_build_object('id', person.id, 'name', person.name) AS person,
             ${runs ? tagSql('$2', '$3') : 'NULL'} AS tag
           FROM api_key k JOIN person ON person.id = k.person_id
           WHERE k.sha256 = $1 AND k.revoked_at IS NULL`,
    values: runs ? [sha256, runs.projectId, runs.runIds] : [sha256],
  })
  return rows[0] ?? null
}
