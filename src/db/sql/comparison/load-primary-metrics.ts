import type { PrimaryMetrics } from '../../../domain/primary-metrics.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** Those of the experiment of the newest of these runs; null where it names none. */
export async function loadPrimaryMetrics(db: Queryable, runIds: readonly string[]): Promise<PrimaryMetrics | null> {
  const rows = await queryRows<{ primaryMetrics: PrimaryMetrics | null }>(
    db,
    `SELECT e.primary_metrics AS "primaryMetrics" FROM run r JOIN experiment e ON e.id = r.experiment_id
     WHERE r.id = ANY ($1::uuid[]) ORDER BY r.created_at DESC, r.id DESC LIMIT 1`,
    [runIds],
  )
  return rows[0]?.primaryMetrics ?? null
}
