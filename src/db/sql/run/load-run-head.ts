import type { RunResult } from '../../../domain/run-results.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** What an evaluator of a run as a whole sees of the run, with its raw id; null when it is deleted. */
export async function loadRunHead(client: Queryable, runId: string): Promise<RunResult | null> {
  const [found] = await queryRows<RunResult>(
    client,
    `SELECT id, name, total, succeeded, failed, CASE WHEN cost_count > 0 THEN cost_sum END AS "costUsd"
     FROM run WHERE id = $1`,
    [runId],
  )
  return found ?? null
}
