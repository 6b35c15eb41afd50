import type { Queryable } from '../client.ts'
import type { RunItem, Score } from '../generated/prisma/client.ts'

/** A run item with its scores, oldest first. */
export interface RunItemWithScores extends RunItem {
  scores: Score[]
}

/**
 * Rows of a run with `seq` in (after, upTo], in that order, at most `limit`. A row changed twice stands at its last
 * change, so replaying a run and following it are this one statement. Scores come in a second one for all rows
 * together: joined as JSON they would have to be parsed and their dates revived.
 */
export async function changedItems(
  client: Queryable,
  runId: string,
  after: number,
  upTo: number,
  limit: number,
): Promise<RunItemWithScores[]> {
  const { rows } = await client.query<RunItem>({
    name: 'changed-items',
    text: `SELECT run_id AS "runId", ordinal, item_id AS "itemId", position, repetition, status, output, error, attempts,
              latency_ms AS "latencyMs", input_tokens AS "inputTokens", output_tokens AS "outputTokens",
              cost_usd AS "costUsd", evaluator_cost_usd AS "evaluatorCostUsd", cached, trace_id AS "traceId", lease,
              available_at AS "availableAt", seq, started_at AS "startedAt", finished_at AS "finishedAt"
       FROM run_item WHERE run_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4`,
    values: [runId, after, upTo, limit],
  })
  const scored = rows.filter((row) => row.status === 'SUCCEEDED' || row.status === 'FAILED')
  const scores = scored.length > 0 ? await scoresOf(client, runId, scored) : []
  const byOrdinal = Map.groupBy(scores, (score) => score.ordinal)
  return rows.map((row) => ({ ...row, scores: byOrdinal.get(row.ordinal) ?? [] }))
}

async function scoresOf(client: Queryable, runId: string, items: readonly RunItem[]): Promise<Score[]> {
  const { rows } = await client.query<Score>({
    name: 'scores-of-items',
    text: `SELECT id, run_id AS "runId", ordinal, name, data_type AS "dataType", value, label, comment, metadata, source,
              evaluator_version_id AS "evaluatorVersionId", author, error, created_at AS "createdAt"
       FROM score WHERE run_id = $1 AND ordinal = ANY ($2::int[]) ORDER BY id`,
    values: [runId, items.map((item) => item.ordinal)],
  })
  return rows
}
