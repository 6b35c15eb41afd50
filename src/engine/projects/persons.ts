import type { Queryable } from '../../db/client.ts'
import { findInstallationPerson, upsertPerson } from '../../db/sql/project/persons.ts'
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
  const ofInstallation = projectId === null ? null : await findInstallationPerson(db, name)
  if (ofInstallation === null) return upsertPerson(db, projectId, name)
  if (installation) return ofInstallation
  throw new ConflictError(`"${name}" is a person of the installation. Name another person for this key.`, ['person'])
}
