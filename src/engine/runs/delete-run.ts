import { deleteRunRows } from '../../db/sql/run/delete-run.ts'
import { ConflictError } from '../../domain/errors.ts'
import { isFinished } from '../../domain/run.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import { checkEach, type PathOf, requireCount, requireOnce } from '../bulk.ts'
import type { Services } from '../services.ts'
import { withLockedRuns } from './locked-run.ts'

/**
 * Deletes 1–1,000 finished runs with their items and scores, all or none.
 * @param at the position of each id in the caller's input
 * @throws {NotFoundError} no such run
 * @throws {ConflictError} a run is still executing, or the approved baseline of its dataset, which gates compare with
 */
export async function deleteRuns(
  services: Services,
  scope: Scope,
  runIds: readonly string[],
  at: PathOf = (index) => ['ids', String(index)],
): Promise<void> {
  requireWrite(scope)
  requireCount(runIds.length, ['ids'])
  requireOnce(runIds, 'run', at, String)
  await withLockedRuns(services, scope, runIds, at, async (client, runs) => {
    checkEach(runIds, (id, index) => {
      const { status, isBaseline } = runs.get(id)
      if (!isFinished(status)) {
        throw new ConflictError(
          `Only a finished run can be deleted; this one is ${status}. Cancel it first.`,
          at(index),
        )
      }
      if (isBaseline) {
        const message =
          'This run is the approved baseline of its dataset. Approve another one or remove the baseline first.'
        throw new ConflictError(message, at(index))
      }
    })
    await deleteRunRows(client, runIds)
  })
}

/** As {@link deleteRuns}, one run. */
export async function deleteRun(services: Services, scope: Scope, runId: string): Promise<void> {
  await deleteRuns(services, scope, [runId], () => ['id'])
}
