import type { Queryable } from '../../client.ts'

/** The id of the person with this name that every project shares; null if there is none. */
export async function findInstallationPerson(db: Queryable, name: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>('SELECT id FROM person WHERE project_id IS NULL AND name = $1', [
    name,
  ])
  return rows[0]?.id ?? null
}

/** The id of the person with this name in a project (null: in the whole installation), created if necessary. */
export async function upsertPerson(db: Queryable, projectId: string | null, name: string): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    // The update changes nothing; DO NOTHING would return no row.
    `INSERT INTO person (project_id, name) VALUES ($1, $2)
     ON CONFLICT (project_id, name) DO UPDATE SET name = excluded.name RETURNING id`,
    [projectId, name],
  )
  const [person] = rows
  if (!person) throw new Error('an upsert returned no row')
  return person.id
}
