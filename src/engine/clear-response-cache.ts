import { clearCachedResponses } from '../db/sql/response-cache/cached-responses.ts'
import { NotFoundError } from '../domain/errors.ts'
import type { TaskSpec } from '../domain/execution/task.ts'
import { requireWrite, type Scope } from '../domain/scope.ts'
import { cacheTaskOf } from './execution/run-plan.ts'
import type { Services } from './services.ts'

/**
 * Forgets cached outputs, so that the next run that uses the cache calls its task again.
 * @param experimentId only those of the tasks that the experiment's runs had, whichever experiment stored them; null: all
 *   of the project
 * @returns how many there were
 * @throws {NotFoundError} no such experiment
 */
export async function clearResponseCache(
  { db: { pool, prisma } }: Services,
  scope: Scope,
  experimentId: string | null,
): Promise<number> {
  requireWrite(scope)
  const { projectId } = scope
  if (experimentId === null) return clearCachedResponses(pool, projectId, null)
  const experiment = await prisma.experiment.findUnique({
    where: { id: experimentId, projectId },
    select: { id: true },
  })
  if (!experiment) throw new NotFoundError('There is no such experiment in this project.', ['experimentId'])
  const runs = await prisma.run.findMany({ where: { experimentId }, distinct: ['task'], select: { task: true } })
  const tasks = new Set(runs.map(({ task }) => cacheTaskOf(task as unknown as TaskSpec)))
  return clearCachedResponses(pool, projectId, [...tasks])
}
