import type { Database } from '../../db/client.ts'
import { type EarlyStop, parseEarlyStop } from '../../domain/early-stop.ts'
import { InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import type { Scope } from '../../domain/scope.ts'
import { metricNamed, openComparison } from './comparison.ts'

/**
 * The rule by which a run of the experiment may be stopped early.
 * @throws {NotFoundError} no such experiment or baseline
 * @throws {InvalidInputError} a baseline on another dataset, or a metric that it does not have or that has no bounds
 */
export async function checkEarlyStop(
  db: Database,
  scope: Scope,
  experimentId: string,
  given: { baselineId: string; metric: string; margin?: number | null },
): Promise<EarlyStop> {
  const rule = parseEarlyStop(given)
  const { baselineId } = rule
  const experiment = await db.prisma.experiment.findFirst({
    where: { id: experimentId, projectId: scope.projectId },
    select: { datasetId: true },
  })
  if (!experiment) throw new NotFoundError('There is no such experiment in this project.', ['experimentId'])
  const comparison = await openComparison(db, scope, { baselineId, candidateIds: [baselineId] })
  if (comparison.baseline.datasetId !== experiment.datasetId) {
    throw new InvalidInputError('Expected a baseline on the dataset of the experiment, got one on another dataset.', [
      'earlyStop',
      'baselineId',
    ])
  }
  if (metricNamed(comparison, rule.metric, ['earlyStop', 'metric']).range === null) {
    throw new InvalidInputError(
      `Expected a score with bounds: a BOOLEAN one, or a NUMERIC one whose configuration has min and max. "${rule.metric}" has none.`,
      ['earlyStop', 'metric'],
    )
  }
  return rule
}
