/** Means of an evaluator's scores, and their differences between two runs, corrected by what people say of some items. */
import type { CorrectedMean } from '../../domain/agreement/corrected-mean.ts'
import type { DrawnLabel } from '../../domain/agreement/inverse-probability.ts'
import type { PredictionPowered } from '../../domain/agreement/prediction-powered.ts'
import { roganGladen } from '../../domain/agreement/rogan-gladen.ts'
import { effectiveCount } from '../../domain/agreement/weights.ts'
import type { ProjectScope } from '../../domain/scope.ts'
import { parseScoreName } from '../../domain/score.ts'
import type { Services } from '../services.ts'
import { correctedByLabels, isEven, loadCountedValues } from './counted-values.ts'

export interface CorrectedScore {
  /** Items with a score of the evaluator, and those of them that people labelled. */
  items: number
  labelled: number
  /** Labelled executions that say nothing of the others, because they were chosen for what they are. */
  leftOut: number
  /** Of the evaluator alone; null without any. */
  mean: number | null
  /** Null with fewer than two labels. */
  predictionPowered: PredictionPowered | null
  /** Of BOOLEAN scores; null without labels of both kinds, and when the evaluator is no better than chance. */
  roganGladen: CorrectedMean | null
}

const nothing: CorrectedScore = {
  items: 0,
  labelled: 0,
  leftOut: 0,
  mean: null,
  predictionPowered: null,
  roganGladen: null,
}

/**
 * @param baselineId subtracts the scores of this run, item by item; null: none
 * @returns null when there is no such baseline; without items where no evaluator gives the score as a value
 * @throws {InvalidInputError} an invalid name
 */
export async function correctScore(
  { db }: Pick<Services, 'db'>,
  { projectId }: ProjectScope,
  runId: string,
  name: string,
  baselineId: string | null = null,
): Promise<CorrectedScore | null> {
  const score = parseScoreName(name)
  const runIds = baselineId === null ? [runId] : [runId, baselineId]
  if (baselineId !== null && (await db.prisma.run.count({ where: { id: baselineId, projectId } })) === 0) return null
  const series = await db.prisma.runScoreSummary.findMany({
    where: {
      runId: { in: runIds },
      run: { projectId },
      name: score,
      source: 'EVALUATOR',
      dataType: { in: ['NUMERIC', 'BOOLEAN'] },
    },
    select: { dataType: true },
  })
  if (series.length < runIds.length) return nothing
  const { labelled, items, positive, leftOut, ...unlabelled } = await loadCountedValues(db.pool, runIds, score)
  const sum = labelled.reduce((total, { judge }) => total + judge, 0) + (unlabelled.mean ?? 0) * unlabelled.count
  const isBinary = baselineId === null && series[0]?.dataType === 'BOOLEAN'
  return {
    items,
    labelled: labelled.length,
    leftOut,
    mean: items === 0 ? null : sum / items,
    predictionPowered: correctedByLabels(labelled, unlabelled),
    roganGladen: isBinary ? binaryMean(labelled, items, positive) : null,
  }
}

/**
 * Of labels that are neither 0 nor 1, because repetitions or people differ, nothing is said. The verdicts are those of the
 * items without labels: the rates of the judge are of the others, and the interval counts both errors as independent. With
 * unequal probabilities those without labels are unlike the others, and the verdicts are those of all items.
 * @param positive items to which the evaluator gave 1
 */
function binaryMean(labelled: readonly DrawnLabel[], items: number, positive: number): CorrectedMean | null {
  const labelledPositive = labelled.filter(({ judge }) => judge === 1).length
  const rest = isEven(labelled)
    ? { count: items - labelled.length, positive: positive - labelledPositive }
    : { count: items, positive }
  const [yes, no] = [labelled.filter(({ human }) => human === 1), labelled.filter(({ human }) => human === 0)]
  const [truePositive, positiveLabels] = weighted(yes, 1)
  const [trueNegative, negativeLabels] = weighted(no, 0)
  return roganGladen({ ...rest, positiveLabels, negativeLabels, truePositive, trueNegative })
}

/** Of labels those to which the judge gave this value, and all, as so many equal ones as their weights are worth. */
function weighted(labels: readonly DrawnLabel[], value: number): [right: number, all: number] {
  const weights = labels.map(({ probability }) => 1 / probability)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const right = labels.reduce((sum, { judge }, index) => sum + (judge === value ? (weights[index] ?? 0) : 0), 0)
  const all = effectiveCount(weights)
  return [total === 0 ? 0 : (right / total) * all, all]
}
