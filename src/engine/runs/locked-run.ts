import { type Queryable, transaction } from '../../db/client.ts'
import type { Run } from '../../db/generated/prisma/client.ts'
import { loadRuns } from '../../db/sql/run/load-runs.ts'
import { type LockedRun, lockRun, lockRuns, type RunHead } from '../../db/sql/run/lock-run.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import { checkEach, type PathOf } from '../bulk.ts'
import type { Services } from '../services.ts'

/**
 * Runs `work` in a transaction that holds the lock of one of the caller's runs.
 * @param path the path of the run's id in the caller's input
 * @throws {NotFoundError} the project has no such run
 * @throws {ForbiddenError} the caller may only read
 */
async function withLockedRun<T>(
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

/** Runs whose locks the caller holds, by id. */
export interface LockedRuns {
  get(id: string): RunHead
}

/**
 * Runs `work` in a transaction that holds the locks of several of the caller's runs.
 * @param at the position of each run in the caller's input
 * @throws {NotFoundError} the project has no such run
 */
export async function withLockedRuns<T>(
  services: Services,
  scope: Scope,
  runIds: readonly string[],
  at: PathOf,
  work: (client: Queryable, runs: LockedRuns) => Promise<T>,
): Promise<T> {
  return transaction(services.db.pool, async (client) => {
    const locked = await lockRuns(client, [...new Set(runIds)], scope.projectId)
    const runs = new Map(locked.map((run) => [run.id, run]))
    checkEach(runIds, (id, index) => {
      if (!runs.has(id)) throw new NotFoundError('There is no such run in this project.', at(index))
    })
    return work(client, { get: (id) => runs.get(id) as RunHead })
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
