import type { Database } from '../../db/client.ts'
import { type EarlyStop, type EarlyStopInput, parseEarlyStop } from '../../domain/early-stop.ts'
import { InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import { describeMetric } from '../../domain/metric.ts'
import type { Scope } from '../../domain/scope.ts'
import { metricIn } from './compared-metrics.ts'
import { openComparison } from './comparison.ts'

/** An early-stop rule for runs on one dataset. */
export interface CheckedEarlyStop {
  rule: Required<EarlyStop>
  /** The baseline's dataset. */
  datasetId: string
}

/**
 * Checks an early-stop rule against its baseline.
 * @throws {NotFoundError} no such baseline
 * @throws {InvalidInputError} a metric that the baseline does not have or that has no bounds
 */
export async function checkEarlyStop(db: Database, scope: Scope, input: EarlyStopInput): Promise<CheckedEarlyStop> {
  const rule = parseEarlyStop(input)
  const { baselineId } = rule
  const comparison = await openComparison(db, scope, { baselineId, candidateIds: [baselineId] }).catch((error) => {
    throw error instanceof NotFoundError ? new NotFoundError(error.message, ['earlyStop', 'baselineId']) : error
  })
  const { metric, range } = metricIn(comparison.metrics, rule.metric, ['earlyStop', 'metric'])
  if (range === null) {
    throw new InvalidInputError(
      'Expected a score with bounds (a BOOLEAN one, or a NUMERIC one with min and max, of its evaluator or setScoreConfig), or failed items. ' +
        `This is ${describeMetric(rule.metric)}, which has none.`,
      ['earlyStop', 'metric'],
    )
  }
  return { rule: { ...rule, metric }, datasetId: comparison.baseline.datasetId }
}

/** @throws {InvalidInputError} unless the run is on the dataset of the rule's baseline */
export function requireSameDataset(earlyStop: CheckedEarlyStop, datasetId: string): void {
  if (earlyStop.datasetId === datasetId) return
  throw new InvalidInputError('Expected a baseline on the dataset of the experiment, got one on another dataset.', [
    'earlyStop',
    'baselineId',
  ])
}
