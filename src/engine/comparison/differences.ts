/** In what the runs of a comparison are not alike, other than in what they are compared for. */
import type { ReadableDatabase } from '../../db/client.ts'
import type { Run } from '../../db/generated/prisma/client.ts'
import { countChangedItems, usesOtherVersions } from '../../db/sql/comparison/changed-items.ts'
import type { Metric } from '../../domain/metric.ts'
import { type Comparison, hasSameRules, isScoredAlike } from './comparison.ts'

/** The parts of an item that may differ between the versions of a dataset. */
export const contentParts = ['INPUT', 'EXPECTED_OUTPUT', 'METADATA'] as const
export type ContentPart = (typeof contentParts)[number]

export interface ComparisonDifference {
  candidate: Run
  kind: ContentPart | 'EVALUATOR' | 'RULES'
  /** The score, for EVALUATOR and RULES. */
  metric: Metric | null
  /** Items of both runs; null: all. */
  items: number | null
}

/**
 * What differs from the baseline: candidate by candidate. Costs a statement if runs used different versions of the
 * dataset.
 */
export async function comparisonDifferences(
  db: ReadableDatabase,
  { baseline, candidates, runs, metrics }: Comparison,
): Promise<ComparisonDifference[]> {
  if (!baseline) return []
  const used = { datasetId: baseline.datasetId, versions: runs.map((run) => run.datasetVersion) }
  const ids = runs.map((run) => run.id)
  const changes = usesOtherVersions(used) ? await countChangedItems(db.pool, ids, used) : []
  return candidates.flatMap((candidate, index) => {
    const found = changes.find(({ run }) => run === index + 2)
    const counts = { INPUT: found?.input, EXPECTED_OUTPUT: found?.expectedOutput, METADATA: found?.metadata }
    return [
      ...contentParts.flatMap((kind): ComparisonDifference[] => {
        const items = counts[kind] ?? 0
        return items === 0 ? [] : [{ candidate, kind, metric: null, items }]
      }),
      ...metrics.flatMap((compared): ComparisonDifference[] =>
        compared.countedAs !== null || isScoredAlike(compared, index)
          ? []
          : [{ candidate, kind: 'EVALUATOR', metric: compared.metric, items: null }],
      ),
      ...metrics.flatMap((compared): ComparisonDifference[] =>
        compared.countedAs !== null || hasSameRules(compared, index)
          ? []
          : [{ candidate, kind: 'RULES', metric: compared.metric, items: null }],
      ),
    ]
  })
}
