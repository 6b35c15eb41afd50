import type { PrimaryMetrics } from '../../../domain/primary-metrics.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** How runs are compared unless one says otherwise. */
export interface ComparisonDefaults {
  /** Of the experiment of the newest run; null where it names none. */
  primaryMetrics: PrimaryMetrics | null
  /** Of the dataset; empty: its items are independent. */
  clusterPath: readonly string[]
}

export async function loadComparisonDefaults(db: Queryable, runIds: readonly string[]): Promise<ComparisonDefaults> {
  const rows = await queryRows<ComparisonDefaults>(
    db,
    `SELECT e.primary_metrics AS "primaryMetrics", d.cluster_path AS "clusterPath"
     FROM run r JOIN experiment e ON e.id = r.experiment_id JOIN dataset d ON d.id = r.dataset_id
     WHERE r.id = ANY ($1::uuid[]) ORDER BY r.created_at DESC, r.id DESC LIMIT 1`,
    [runIds],
    'load-comparison-defaults',
  )
  return rows[0] ?? { primaryMetrics: null, clusterPath: [] }
}
