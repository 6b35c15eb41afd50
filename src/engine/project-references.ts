/** Checks that the datasets and evaluators an input refers to are in the caller's project. */
import type { Prisma } from '../db/generated/prisma/client.ts'
import { NotFoundError } from '../domain/errors.ts'
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
