/** Checks that the rows an input refers to are in the caller's project, and that names are unique there. */
import { Prisma } from '../db/generated/prisma/client.ts'
import { ConflictError, codeOf, NotFoundError } from '../domain/errors.ts'
import { encodeGlobalId } from '../domain/global-id.ts'
import type { Scope } from '../domain/scope.ts'

type Reader = Pick<Prisma.TransactionClient, 'dataset' | 'evaluator'>

/** @throws {NotFoundError} naming the first dataset that is missing */
export async function requireDatasets(
  reader: Reader,
  scope: Scope,
  ids: readonly string[],
  path: string[],
): Promise<void> {
  const found = await reader.dataset.findMany({
    where: { projectId: scope.projectId, id: { in: [...ids] } },
    select: { id: true },
  })
  requireAll('Dataset', ids, found, path)
}

/** @throws {NotFoundError} naming the first evaluator that is missing or deleted */
export async function requireEvaluators(
  reader: Reader,
  scope: Scope,
  ids: readonly string[],
  path: string[],
): Promise<void> {
  const found = await reader.evaluator.findMany({
    where: { projectId: scope.projectId, deletedAt: null, id: { in: [...ids] } },
    select: { id: true },
  })
  requireAll('Evaluator', ids, found, path)
}

function requireAll(
  type: 'Dataset' | 'Evaluator',
  ids: readonly string[],
  found: { id: string }[],
  path: string[],
): void {
  const known = new Set(found.map(({ id }) => id))
  const index = ids.findIndex((id) => !known.has(id))
  if (index !== -1) {
    const id = encodeGlobalId(type, ids[index] as string)
    throw new NotFoundError(`There is no ${type.toLowerCase()} ${id} in this project.`, [...path, String(index)])
  }
}

/**
 * Runs a write of something that has a unique name.
 * @param where what the name is unique in
 * @throws {ConflictError} the name is taken
 */
export async function withUniqueName<T>(
  what: string,
  name: string,
  write: () => Promise<T>,
  where: 'project' | 'dataset' = 'project',
): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (isTaken(error)) {
      const article = /^[aeiou]/.test(what) ? 'an' : 'a'
      throw new ConflictError(`There is already ${article} ${what} "${name}" in this ${where}. Choose another name.`, [
        'name',
      ])
    }
    throw error
  }
}

/** A violation of a unique constraint, from Prisma or from PostgreSQL itself. */
function isTaken(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError ? error.code === 'P2002' : codeOf(error) === '23505'
}
