import type { Database, Queryable } from '../../db/client.ts'
import type { Person } from '../../db/generated/prisma/client.ts'
import { ConflictError } from '../../domain/errors.ts'
import type { Scope } from '../../domain/scope.ts'

/** The author of everything at a server that needs no keys. */
export const localPerson = 'local'

/**
 * The person of this name in a project (null: in the whole installation), who is made if there is none.
 * A name that means somebody of the installation means nobody else in a project.
 * @throws {ConflictError} it does, and the scope is one of the project only
 */
export async function findOrCreatePerson(
  db: Queryable,
  { installation }: Scope,
  projectId: string | null,
  name: string,
): Promise<string> {
  if (projectId !== null) {
    const { rows } = await db.query<{ id: string }>('SELECT id FROM person WHERE project_id IS NULL AND name = $1', [
      name,
    ])
    const [ofInstallation] = rows
    if (ofInstallation && installation) return ofInstallation.id
    if (ofInstallation) {
      throw new ConflictError(`"${name}" is a person of the installation. Name another person for this key.`, [
        'person',
      ])
    }
  }
  const { rows } = await db.query<{ id: string }>(
    // An update that changes nothing, because DO NOTHING returns no row.
    `INSERT INTO person (project_id, name) VALUES ($1, $2)
     ON CONFLICT (project_id, name) DO UPDATE SET name = excluded.name RETURNING id`,
    [projectId, name],
  )
  const [person] = rows
  if (!person) throw new Error('an upsert returned no row')
  return person.id
}

/** Those persons with these ids who are known in the scope's project, or anywhere for one of the installation; in no particular order. */
export async function findPersons({ prisma }: Database, scope: Scope, ids: readonly string[]): Promise<Person[]> {
  const known = scope.installation ? {} : { OR: [{ projectId: scope.projectId }, { projectId: null }] }
  return prisma.person.findMany({ where: { id: { in: [...ids] }, ...known } })
}
