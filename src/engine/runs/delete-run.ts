import { deleteRunRow } from '../../db/sql/run/delete-run.ts'
import { ConflictError } from '../../domain/errors.ts'
import { isFinished } from '../../domain/run.ts'
import type { Scope } from '../../domain/scope.ts'
import type { Services } from '../services.ts'
import { withLockedRun } from './locked-run.ts'

/**
 * Deletes a finished run with its items and scores.
 * @throws {NotFoundError} no such run
 * @throws {ConflictError} the run is still executing
 */
export async function deleteRun(services: Services, scope: Scope, runId: string): Promise<void> {
  await withLockedRun(services, scope, runId, async (client, run) => {
    if (!isFinished(run.status)) {
      throw new ConflictError(`Only a finished run can be deleted; this one is ${run.status}. Cancel it first.`, ['id'])
    }
    await deleteRunRow(client, runId)
  })
}
