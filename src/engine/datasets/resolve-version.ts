import type { Database } from '../../db/client.ts'
import { findVersionAt } from '../../db/sql/dataset/versions.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import type { ProjectScope } from '../../domain/scope.ts'
import { datasetNotFound } from './datasets.ts'

/**
 * The requested version: the current one, unless a number or a moment is given.
 * @throws {NotFoundError}; {InvalidInputError} for a version that does not exist or for both `version` and `asOf`.
 */
export async function resolveVersion(
  db: Database,
  scope: ProjectScope,
  datasetId: string,
  { version, asOf }: { version?: number | null; asOf?: Date | null },
): Promise<number> {
  if (version != null && asOf != null) {
    throw new InvalidInputError('Expected either a version or a moment, got both.', ['asOf'])
  }
  const dataset = await db.prisma.dataset.findFirst({
    where: { id: datasetId, projectId: scope.projectId },
    select: { version: true },
  })
  if (!dataset) throw datasetNotFound(datasetId)
  if (asOf != null) return findVersionAt(db.pool, datasetId, asOf)
  if (version == null) return dataset.version
  if (!Number.isInteger(version) || version < 0 || version > dataset.version) {
    throw new InvalidInputError(`Expected a version from 0 to ${dataset.version}, got ${version}.`, ['version'])
  }
  return version
}
