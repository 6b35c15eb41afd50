import type { Database } from '../../db/client.ts'
import { findVersionAt } from '../../db/sql/dataset/versions.ts'
import { InvalidInputError } from '../../domain/errors.ts'

/**
 * The requested version of a dataset: the current one, unless a number or a moment is given. A number needs no statement.
 * @throws {InvalidInputError} for a version that does not exist or for both `version` and `asOf`.
 */
export async function resolveVersion(
  db: Database,
  dataset: { id: string; version: number },
  { version, asOf }: { version?: number | null; asOf?: Date | null },
): Promise<number> {
  if (version != null && asOf != null) {
    throw new InvalidInputError('Expected either a version or a moment, got both.', ['asOf'])
  }
  if (asOf != null) return findVersionAt(db.pool, dataset.id, asOf)
  if (version == null) return dataset.version
  if (!Number.isInteger(version) || version < 0 || version > dataset.version) {
    throw new InvalidInputError(`Expected a version from 0 to ${dataset.version}, got ${version}.`, ['version'])
  }
  return version
}
