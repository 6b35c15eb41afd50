import { type Queryable, transaction } from '../../db/client.ts'
import type { Run } from '../../db/generated/prisma/client.ts'
import { loadRuns } from '../../db/sql/run/load-runs.ts'
import { type LockedRun, lockRun } from '../../db/sql/run/lock-run.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import type { Services } from '../services.ts'

/**
 * Runs `work` in a transaction that holds the lock of one of the caller's runs.
 * @param path the path of the run's id in the caller's input
 * @throws {NotFoundError} the project has no such run
 * @throws {ForbiddenError} the caller may only read
 */
export async function withLockedRun<T>(
  services: Services,
  scope: Scope,
  runId: string,
  work: (client: Queryable, run: LockedRun) => Promise<T>,
  path: string[] = ['id'],
): Promise<T> {
  requireWrite(scope)
  return transaction(services.db.pool, async (client) => {
    const run = await lockRun(client, runId, scope.projectId)
    if (!run) throw new NotFoundError('There is no such run in this project.', path)
    return work(client, run)
  })
}

/** Like `withLockedRun`, and returns the run as `work` left it: after the commit a worker may change it at once. */
export function changeRun(
  services: Services,
  scope: Scope,
  runId: string,
  work: (client: Queryable, run: LockedRun) => Promise<void>,
): Promise<Run> {
  return withLockedRun(services, scope, runId, async (client, locked) => {
    await work(client, locked)
    return readRun(client, locked)
  })
}

/** The run as this transaction sees it. */
export async function readRun(client: Queryable, { id, projectId }: { id: string; projectId: string }): Promise<Run> {
  const [run] = await loadRuns(client, projectId, [id])
  if (!run) throw new Error(`Run ${encodeGlobalId('Run', id)} disappeared while it was locked.`)
  return run
}
