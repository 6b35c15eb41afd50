/** The labels that the executions of a run have. */
import type { Queryable } from '../../db/client.ts'
import { loadLabelColumns } from '../../db/sql/comparison/load-label-columns.ts'
import { executionScore, type SeriesKey } from '../../domain/score-series.ts'

export interface RunLabels {
  /** Of an execution; null: its evaluator failed, or people do not agree; undefined: it has none. */
  labelOf: (series: SeriesKey, ordinal: number) => string | null | undefined
}

export async function loadRunLabels(db: Queryable, runId: string, series: readonly SeriesKey[]): Promise<RunLabels> {
  const { ordinals, series: places, labels, names } = await loadLabelColumns(db, runId, series)
  const found = series.map(() => new Map<number, (string | null)[]>())
  for (const [index, ordinal] of ordinals.entries()) {
    const own = found[places[index] as number] as Map<number, (string | null)[]>
    const label = names[labels[index] as number] ?? null
    const others = own.get(ordinal)
    if (others) others.push(label)
    else own.set(ordinal, [label])
  }
  return {
    labelOf: ({ name, source }, ordinal) => {
      const place = series.findIndex((one) => one.name === name && one.source === source)
      const given = found[place]?.get(ordinal)
      if (!given) return undefined
      const scores = given.map((label) => ({ value: null, label, failed: label === null }))
      return given.length === 1 ? (given[0] ?? null) : executionScore(scores).label
    },
  }
}
