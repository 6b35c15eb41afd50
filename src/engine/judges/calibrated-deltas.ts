/** Differences of an evaluator's scores between runs, corrected by what people say of some items. */

import type { Run } from '../../db/generated/prisma/client.ts'
import type { PredictionPowered } from '../../domain/agreement/prediction-powered.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import type { ComparedMetric } from '../comparison/compared-metrics.ts'
import { type Comparison, isComplete } from '../comparison/comparison.ts'
import { describeCompared } from '../comparison/counted-scores.ts'
import type { Services } from '../services.ts'
import { correctedByLabels, loadCountedValues } from './counted-values.ts'

export interface CalibratedDelta {
  candidate: Run
  /** Items that the evaluator has scored in both runs, and those of them that people have labelled in both. */
  items: number
  labelled: number
  /** Of the evaluator alone; null without items. */
  uncorrected: number | null
  /** Null with fewer than two labelled items, and until both runs are complete. */
  corrected: PredictionPowered | null
}

/**
 * One for each candidate, item by item, repetitions averaged; none without a baseline.
 * @throws {InvalidInputError} a metric that is no score of an evaluator with values
 */
export async function calibratedDeltas(
  { db }: Pick<Services, 'db'>,
  { baseline, candidates }: Comparison,
  compared: ComparedMetric,
  path: string[],
): Promise<CalibratedDelta[]> {
  const { metric, dataType } = compared
  const isJudged = metric.kind === 'SCORE' && metric.source === 'EVALUATOR'
  if (!isJudged || (dataType !== 'NUMERIC' && dataType !== 'BOOLEAN')) {
    throw new InvalidInputError(
      `Expected a NUMERIC or BOOLEAN score of an evaluator, got ${describeCompared(compared)}.`,
      path,
    )
  }
  if (!baseline) return []
  const deltas: CalibratedDelta[] = []
  for (const candidate of candidates) {
    const { labelled, items, ...rest } = await loadCountedValues(db.pool, [candidate.id, baseline.id], metric.name)
    const sum = labelled.reduce((total, { judge }) => total + judge, 0) + (rest.mean ?? 0) * rest.count
    const complete = isComplete(baseline, candidate)
    deltas.push({
      ...{ candidate, items, labelled: labelled.length },
      uncorrected: items === 0 ? null : sum / items,
      corrected: complete ? correctedByLabels(labelled, rest) : null,
    })
  }
  return deltas
}
