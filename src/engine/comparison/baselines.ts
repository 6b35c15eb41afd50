import type { Dataset } from '../../db/generated/prisma/client.ts'
import { ConflictError, NotFoundError } from '../../domain/errors.ts'
import { isFinished } from '../../domain/run.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import type { Services } from '../services.ts'

/**
 * Approves a run as the baseline of its dataset, in place of any other, on behalf of the scope's person.
 * @throws {NotFoundError} no such run
 * @throws {ConflictError} the run has not finished
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
    throw new ConflictError(`Only a finished run can be approved; this one is ${run.status}.`, ['runId'])
  }
  return prisma.dataset.update({
    where: { id: run.datasetId },
    data: { baselineRunId: runId, baselineAuthor: scope.person.name, baselineApprovedAt: now },
  })
}

/**
 * Removes the baseline of a dataset, if it has one.
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
