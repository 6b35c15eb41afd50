import { signTest } from './binomial.ts'
import { chiSquareUpperTail } from './f-distribution.ts'
import { solve } from './linear-equations.ts'

export interface LabelShift {
  /** Two-sided, against "every label is as frequent as before"; 1 when nothing moved. */
  pValue: number
  statistic: number
  /** Labels less one, of those that items moved between. */
  degreesOfFreedom: number
}

/**
 * Stuart–Maxwell: whether labels are as frequent in the candidate as in the baseline, of paired items. With dᵢ the row sum
 * less the column sum of label i, and S = (sums of row and column − 2 nᵢᵢ on the diagonal, −(nᵢⱼ + nⱼᵢ) beside it):
 * d′ S⁻¹ d without one of the labels is χ² distributed; labels between which nothing moved are tables of their own, and
 * add up. Of two labels it is McNemar's test, which is then exact.
 * Stuart, Biometrika 42 (1955); Maxwell, British Journal of Psychiatry 116 (1970).
 *
 * @param counts from label (row) to label (column)
 */
export function stuartMaxwell(counts: readonly (readonly number[])[]): LabelShift {
  const tables = connected(counts)
  const [only] = tables
  if (tables.length === 1 && only?.length === 2) {
    const [gained, lost] = [
      at(counts, only[0] as number, only[1] as number),
      at(counts, only[1] as number, only[0] as number),
    ]
    const statistic = (gained - lost) ** 2 / (gained + lost)
    return { pValue: signTest(gained, lost), statistic, degreesOfFreedom: 1 }
  }
  const degreesOfFreedom = tables.reduce((sum, labels) => sum + labels.length - 1, 0)
  const statistic = tables.reduce((sum, labels) => sum + statisticOf(counts, labels), 0)
  return {
    pValue: degreesOfFreedom === 0 ? 1 : chiSquareUpperTail(statistic, degreesOfFreedom),
    statistic,
    degreesOfFreedom,
  }
}

function at(counts: readonly (readonly number[])[], from: number, to: number): number {
  return counts[from]?.[to] ?? 0
}

function statisticOf(counts: readonly (readonly number[])[], labels: readonly number[]): number {
  const moved = (i: number, j: number) => at(counts, i, j) + at(counts, j, i)
  const sumOf = (of: (j: number) => number) => labels.reduce((sum, j) => sum + of(j), 0)
  const tested = labels.slice(0, -1)
  const shift = tested.map((i) => sumOf((j) => at(counts, i, j) - at(counts, j, i)))
  const covariance = tested.map((i) =>
    tested.map((j) => (i === j ? sumOf((k) => (k === i ? 0 : moved(i, k))) : -moved(i, j))),
  )
  const solution = solve(covariance, shift)
  return shift.reduce((sum, d, i) => sum + d * (solution?.[i] ?? 0), 0)
}

/** The labels that items moved between, directly or by way of others; two at least each. */
function connected(counts: readonly (readonly number[])[]): number[][] {
  const left = new Set(counts.keys())
  const tables: number[][] = []
  for (const first of counts.keys()) {
    if (!left.delete(first)) continue
    const table = [first]
    for (const label of table) {
      for (const other of left) {
        if (at(counts, label, other) + at(counts, other, label) === 0) continue
        left.delete(other)
        table.push(other)
      }
    }
    if (table.length > 1) tables.push(table.sort((a, b) => a - b))
  }
  return tables
}
