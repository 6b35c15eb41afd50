import type { Dataset } from '../../db/generated/prisma/client.ts'
import { ConflictError, NotFoundError } from '../../domain/errors.ts'
import { isFinished } from '../../domain/run.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import type { Services } from '../services.ts'

/**
 * Makes a run the one that runs of its dataset are compared with, in place of any other, on behalf of the scope's person.
 * @throws {NotFoundError} no such run
 * @throws {ConflictError} the run is not over
 */
export async function approveBaseline(
  services: Services,
  scope: Scope,
  runId: string,
  now = new Date(),
): Promise<Dataset> {
  requireWrite(scope)
  const { prisma } = services.db
  const run = await prisma.run.findFirst({ where: { id: runId, projectId: scope.projectId } })
  if (!run) throw new NotFoundError('There is no such run in this project.', ['runId'])
  if (!isFinished(run.status)) {
    throw new ConflictError(`Only a run that is over can be approved; this one is ${run.status}.`, ['runId'])
  }
  return prisma.dataset.update({
    where: { id: run.datasetId },
    data: { baselineRunId: runId, baselineAuthor: scope.person.name, baselineApprovedAt: now },
  })
}

/**
 * Leaves a dataset without a baseline. Does nothing when it has none.
 * @throws {NotFoundError} no such dataset
 */
export async function removeBaseline(services: Services, scope: Scope, datasetId: string): Promise<Dataset> {
  requireWrite(scope)
  const { prisma } = services.db
  const { projectId } = scope
  const found = await prisma.dataset.findFirst({ where: { id: datasetId, projectId }, select: { id: true } })
  if (!found) throw new NotFoundError('There is no such dataset in this project.', ['datasetId'])
  return prisma.dataset.update({
    where: { id: datasetId },
    data: { baselineRunId: null, baselineAuthor: null, baselineApprovedAt: null },
  })
}
