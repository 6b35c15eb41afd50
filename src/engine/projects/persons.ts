import type { Queryable } from '../../db/client.ts'
import { findInstallationPerson, upsertPerson } from '../../db/sql/project/persons.ts'
import { ConflictError } from '../../domain/errors.ts'
import type { Scope } from '../../domain/scope.ts'

/** The author of all changes on a server without keys. */
export const localPerson = 'local'

/**
 * The person with this name in a project (null: in the installation), created if there is none. A person of the
 * installation is the same person in every project.
 * @throws {ConflictError} the name belongs to a person of the installation, and the scope is only a project's
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
