import { transaction } from '../db/client.ts'
import type { Run } from '../db/generated/prisma/client.ts'
import { channels } from '../db/listener.ts'
import { advanceRun, noDelta } from '../db/sql/advance-run.ts'
import { cancelItems } from '../db/sql/cancel-items.ts'
import { lockRun } from '../db/sql/lock-run.ts'
import { ConflictError, NotFoundError } from '../domain/errors.ts'
import { canTransition } from '../domain/run.ts'
import { requireWrite, type Scope } from '../domain/scope.ts'
import type { Engine } from './engine.ts'

/**
 * Ends a run with what it has: its unfinished items become CANCELLED and calls in flight are aborted everywhere.
 * A run that is cancelled already is returned as it is.
 *
 * @throws {NotFoundError} no such run
 * @throws {ConflictError} the run is completed or stopped
 */
export async function cancelRun(engine: Engine, scope: Scope, runId: string): Promise<Run> {
  requireWrite(scope)
  const { prisma, pool } = engine.db
  const found = await prisma.run.findFirst({ where: { id: runId, projectId: scope.projectId }, select: { id: true } })
  if (!found) throw new NotFoundError('There is no such run in this project.', ['id'])

  await transaction(pool, async (client) => {
    const run = await lockRun(client, runId)
    if (!run || run.status === 'CANCELLED') return
    if (!canTransition(run.status, 'CANCELLED')) {
      throw new ConflictError(`Only a queued or running run can be cancelled; this one is ${run.status}.`, ['id'])
    }
    const { queued, running } = await cancelItems(client, runId, run.seq)
    const cancelled = queued + running
    await advanceRun(client, runId, {
      ...noDelta,
      status: 'CANCELLED',
      seq: Math.max(cancelled, 1),
      queued: -queued,
      running: -running,
      cancelled,
    })
    await client.query('SELECT pg_notify($1, $2)', [channels.abort, runId])
  })
  return prisma.run.findUniqueOrThrow({ where: { id: runId } })
}
