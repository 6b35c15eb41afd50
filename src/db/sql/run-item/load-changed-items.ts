import type { Queryable } from '../../client.ts'
import { columns } from '../../columns.ts'
import { Prisma, type RunItem, type Score } from '../../generated/prisma/client.ts'
import { pageBytes, queryWithinBytes } from '../../query-within-bytes.ts'
import { loadItemScores } from '../score/load-scores.ts'

/** A run item with its scores by name. */
export interface RunItemWithScores extends RunItem {
  scores: Score[]
}

/**
 * Rows of a run with `seq` in (after, upTo], in that order, at most `limit`. A row that changed twice appears at its
 * last change, so one statement serves both replay and live updates. When their outputs are large there are fewer, with
 * `more`. Scores come from a second statement for all rows: joined as JSON they would have to be parsed and their dates
 * revived.
 */
export async function loadChangedItems(
  client: Queryable,
  runId: string,
  after: number,
  upTo: number,
  limit: number,
): Promise<{ items: RunItemWithScores[]; more: boolean }> {
  const statement = {
    name: 'changed-items',
    text: `SELECT ${columns('run_item', Prisma.RunItemScalarFieldEnum)}
       FROM run_item WHERE run_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4`,
    values: [runId, after, upTo, limit],
  }
  const { rows, cut } = await queryWithinBytes<RunItem>(client, statement, pageBytes)
  const scored = rows.filter((row) => row.status === 'SUCCEEDED' || row.status === 'FAILED')
  const scores = scored.length > 0 ? await loadItemScores(client, scored) : []
  const byOrdinal = Map.groupBy(scores, (score) => score.ordinal)
  const items = rows.map((row) => ({ ...row, scores: byOrdinal.get(row.ordinal) ?? [] }))
  return { items, more: cut || rows.length === limit }
}
