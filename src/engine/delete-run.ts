import { transaction } from '../db/client.ts'
import { lockRun } from '../db/sql/lock-run.ts'
import { ConflictError, NotFoundError } from '../domain/errors.ts'
import { isFinished } from '../domain/run.ts'
import { requireWrite, type Scope } from '../domain/scope.ts'
import type { Engine } from './engine.ts'

/**
 * Deletes a finished run with its items and scores.
 * @throws {NotFoundError} no such run
 * @throws {ConflictError} the run is still executing
 */
export async function deleteRun(engine: Engine, scope: Scope, runId: string): Promise<void> {
  requireWrite(scope)
  const { prisma, pool } = engine.db
  const found = await prisma.run.findFirst({ where: { id: runId, projectId: scope.projectId }, select: { id: true } })
  if (!found) throw new NotFoundError('There is no such run in this project.', ['id'])

  await transaction(pool, async (client) => {
    const run = await lockRun(client, runId)
    if (run && !isFinished(run.status)) {
      throw new ConflictError(`Only a finished run can be deleted; this one is ${run.status}. Cancel it first.`, ['id'])
    }
    await client.query('DELETE FROM run WHERE id = $1', [runId])
  })
}
