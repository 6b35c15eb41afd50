/** Ratios of two metrics, such as the cost per success, of every candidate against the baseline. */
import type { ReadableDatabase } from '../../db/client.ts'
import type { Run } from '../../db/generated/prisma/client.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import { compareRatios, type RatioFigures } from '../../domain/statistics/ratio.ts'
import { type ComparedMetric, valuesOf } from './compared-metrics.ts'
import { alignCandidate, type ComparedValues, itemValuesOf, loadComparedValues } from './compared-values.ts'
import { type Comparison, isComplete, isScoredAlike } from './comparison.ts'
import { describeCompared } from './counted-scores.ts'
import type { ItemValues } from './item-values.ts'
import { isExecuted, numberClusters, type RunValues } from './run-values.ts'

export interface RatioComparison extends Omit<RatioFigures, 'baseline' | 'candidate'> {
  candidate: Run
  baselineRatio: number | null
  candidateRatio: number | null
  /** Items that both runs executed and that have both values in both. */
  pairs: number
  /** Executed in both runs, but a value is not known in one of them: then there is no ratio. */
  unknown: number
}

/**
 * The sum of one metric over the sum of another, of the items that both runs executed. What a failed call cost counts, and
 * it is no success. Where a value of any of these items is not known, there is no ratio: what is missing is not the same on
 * both sides. Reads all items.
 * @throws {InvalidInputError} a metric without numbers
 */
export async function compareRatiosOfRuns(
  db: ReadableDatabase,
  comparison: Comparison,
  top: ComparedMetric,
  bottom: ComparedMetric,
): Promise<RatioComparison[]> {
  for (const [metric, name] of [
    [top, 'of'],
    [bottom, 'per'],
  ] as const) {
    if (metric.countedAs === null && valuesOf(metric).kind === 'LABEL') {
      throw new InvalidInputError(`Expected a metric with numbers, got ${describeCompared(metric)}.`, [name])
    }
  }
  const { baseline, candidates, includesUnlike } = comparison
  if (!baseline) return []
  const values = await loadComparedValues(db, comparison, [top, bottom])
  return candidates.map((candidate, index) => {
    const isAlike = includesUnlike || (isScoredAlike(top, index) && isScoredAlike(bottom, index))
    const { columns, ids, unknown } = isAlike ? ratioColumns(values, index, top, bottom) : nothing
    const clusters = values.clusters && numberClusters(ids, values.clusters)
    const figures = compareRatios({ ...columns, clusters })
    const { baseline: baselineRatio, candidate: candidateRatio, ...rest } = unknown > 0 ? notKnown : figures
    const complete = isComplete(baseline, candidate)
    return {
      ...{ candidate, baselineRatio, candidateRatio, pairs: ids.length, unknown },
      ...(complete ? rest : { ...rest, interval: null, pValue: null }),
    }
  })
}

const notKnown: RatioFigures & { baseline: null; candidate: null } = {
  ...{ baseline: null, candidate: null, relative: null, interval: null, pValue: null },
}

type Columns = Record<'baselineTop' | 'baselineBottom' | 'candidateTop' | 'candidateBottom', Float64Array>

const none = new Float64Array()
const nothing = {
  columns: { baselineTop: none, baselineBottom: none, candidateTop: none, candidateBottom: none },
  ids: [] as number[],
  unknown: 0,
}

function ratioColumns(
  values: ComparedValues,
  candidate: number,
  top: ComparedMetric,
  bottom: ComparedMetric,
): { columns: Columns; ids: number[]; unknown: number } {
  const { aligned } = alignCandidate(values, candidate)
  const runs = [values.runs[0], values.runs[candidate + 1]] as [RunValues, RunValues]
  const found = [0, candidate + 1].flatMap((run) => [top, bottom].map((metric) => itemValuesOf(values, run, metric)))
  const [topBefore, bottomBefore, topAfter, bottomAfter] = found as [ItemValues, ItemValues, ItemValues, ItemValues]
  const rows: [number, number, number, number][] = []
  const ids: number[] = []
  let unknown = 0
  for (const [index, from] of aligned.baseline.entries()) {
    const to = aligned.candidate[index] as number
    if (!(isExecuted(runs[0], from) && isExecuted(runs[1], to))) continue
    if (
      !(isWhole(topBefore, from) && isWhole(bottomBefore, from) && isWhole(topAfter, to) && isWhole(bottomAfter, to))
    ) {
      unknown += 1
      continue
    }
    rows.push([
      topBefore.value[from] as number,
      bottomBefore.value[from] as number,
      topAfter.value[to] as number,
      bottomAfter.value[to] as number,
    ])
    ids.push(runs[0].itemIds[from] as number)
  }
  const column = (place: 0 | 1 | 2 | 3) => Float64Array.from(rows, (row) => row[place])
  return {
    columns: {
      baselineTop: column(0),
      baselineBottom: column(1),
      candidateTop: column(2),
      candidateBottom: column(3),
    },
    ...{ ids, unknown },
  }
}

/** Whether every execution of an item has a value. */
function isWhole({ value, lowest, highest }: ItemValues, item: number): boolean {
  return !Number.isNaN(value[item]) && lowest[item] === highest[item]
}
