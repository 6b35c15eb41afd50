/** What people and an evaluator gave the items of a run, or of two, each label with the probability with which it came. */
import type { Queryable } from '../../db/client.ts'
import { type LabelledValues, loadLabelledValues } from '../../db/sql/agreement/load-labelled-values.ts'
import { loadLabelOrigins } from '../../db/sql/review/label-origins.ts'
import { type DrawnLabel, inverseProbabilityMean } from '../../domain/agreement/inverse-probability.ts'
import {
  type PredictionPowered,
  predictionPoweredMean,
  type Unlabelled,
} from '../../domain/agreement/prediction-powered.ts'
import { countLabels } from '../../domain/review/label-weights.ts'

/** @param runIds one run, or a candidate and its baseline, whose values are subtracted */
export async function loadCountedValues(
  client: Queryable,
  runIds: readonly string[],
  name: string,
): Promise<LabelledValues & { leftOut: number }> {
  const origins = await loadLabelOrigins(
    client,
    runIds.map((runId) => ({ runId, name })),
  )
  const { labels, leftOut, seeds } = countLabels(origins)
  const drawnTogether = runIds.every((id) => seeds.has(id)) && new Set(seeds.values()).size === 1
  return { ...(await loadLabelledValues(client, runIds, name, labels, drawnTogether)), leftOut }
}

/** The mean, corrected by the labels. @returns null with fewer than two */
export function correctedByLabels(labelled: readonly DrawnLabel[], rest: Unlabelled): PredictionPowered | null {
  return isEven(labelled) ? predictionPoweredMean(labelled, rest) : inverseProbabilityMean(labelled, rest)
}

/** Whether all came to be labelled with one probability: the others are like them then. */
export function isEven(labelled: readonly DrawnLabel[]): boolean {
  return labelled.every(({ probability }) => Math.abs(probability / (labelled[0]?.probability ?? 1) - 1) < 1e-9)
}
