import { type Queryable, transaction } from '../db/client.ts'
import type { Run } from '../db/generated/prisma/client.ts'
import { type LockedRun, lockRun } from '../db/sql/lock-run.ts'
import { NotFoundError } from '../domain/errors.ts'
import { requireWrite, type Scope } from '../domain/scope.ts'
import type { Engine } from './engine.ts'

/**
 * Does `work` under the lock of one of the caller's runs, in one transaction.
 * @param path where the run's id stands in the caller's input
 * @throws {NotFoundError} the project has no such run
 * @throws {ForbiddenError} the caller may only read
 */
export async function withLockedRun<T>(
  engine: Engine,
  scope: Scope,
  runId: string,
  work: (client: Queryable, run: LockedRun) => Promise<T>,
  path: string[] = ['id'],
): Promise<T> {
  requireWrite(scope)
  const { prisma, pool } = engine.db
  const notFound = () => new NotFoundError('There is no such run in this project.', path)
  const found = await prisma.run.findFirst({ where: { id: runId, projectId: scope.projectId }, select: { id: true } })
  if (!found) throw notFound()
  return transaction(pool, async (client) => {
    const run = await lockRun(client, runId)
    if (!run) throw notFound()
    return work(client, run)
  })
}

/** As `withLockedRun`, and returns the run as it is afterwards. */
export async function changeRun(
  engine: Engine,
  scope: Scope,
  runId: string,
  work: (client: Queryable, run: LockedRun) => Promise<void>,
): Promise<Run> {
  await withLockedRun(engine, scope, runId, work)
  return engine.db.prisma.run.findUniqueOrThrow({ where: { id: runId } })
}
