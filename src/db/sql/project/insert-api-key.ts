import type { Role } from '../../../domain/scope.ts'
import type { Queryable } from '../../client.ts'

interface NewApiKey {
  /** Null: a key of the installation. */
  projectId: string | null
  personId: string
  name: string
  role: Role
  prefix: string
  sha256: Buffer
}

/** @returns the key's id */
export async function insertApiKey(
  db: Queryable,
  { projectId, personId, name, role, prefix, sha256 }: NewApiKey,
): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    'INSERT INTO api_key (project_id, person_id, name, role, prefix, sha256) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id',
    [projectId, personId, name, role, prefix, sha256],
  )
  const [row] = rows
  if (!row) throw new Error('an insert returned no row')
  return row.id
}
