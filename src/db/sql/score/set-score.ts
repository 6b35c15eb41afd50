import type { Json } from '../../../domain/json/json.ts'
import type { ScoreValue } from '../../../domain/score.ts'
import type { Queryable } from '../../client.ts'
import { columns } from '../../columns.ts'
import { Prisma, type Score } from '../../generated/prisma/client.ts'
import { queryRows } from '../../query-rows.ts'
import type { ScoreKey } from './load-scores.ts'

const scoreColumns = columns('score', Prisma.ScoreScalarFieldEnum)

/** What identifies a score: setting it again replaces it. */
export interface ScoreIdentity {
  runId: string
  /** Null: the run as a whole. */
  ordinal: number | null
  name: string
  source: 'HUMAN' | 'API'
  author: string | null
}

/** Deletes and returns the scores that a new one with the same identity replaces. */
export async function deleteReplacedScores(
  client: Queryable,
  { runId, ordinal, name, source, author }: ScoreIdentity,
): Promise<Score[]> {
  return queryRows<Score>(
    client,
    `DELETE FROM score
     WHERE run_id = $1 AND ordinal IS NOT DISTINCT FROM $2 AND name = $3 AND source = $4
       AND author IS NOT DISTINCT FROM $5
     RETURNING ${scoreColumns}`,
    [runId, ordinal, name, source, author],
  )
}

export async function insertScore(
  client: Queryable,
  { runId, ordinal, name, source, author }: ScoreIdentity,
  { dataType, value, label, comment, metadata }: ScoreValue & { comment: string | null; metadata: Json },
): Promise<Score> {
  const [score] = await queryRows<Score>(
    client,
    `INSERT INTO score (run_id, ordinal, name, data_type, value, label, comment, metadata, source, author)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     RETURNING ${scoreColumns}`,
    [
      runId,
      ordinal,
      name,
      dataType,
      value,
      label,
      comment,
      metadata === null ? null : JSON.stringify(metadata),
      source,
      author,
    ],
  )
  if (!score) throw new Error('Expected the insert of a score to return its row.')
  return score
}

/** Deletes a score and returns it; null if it was already deleted. */
export async function deleteScoreRow(client: Queryable, { runId, id }: ScoreKey): Promise<Score | null> {
  const [score] = await queryRows<Score>(
    client,
    `DELETE FROM score WHERE run_id = $1 AND id = $2 RETURNING ${scoreColumns}`,
    [runId, id],
  )
  return score ?? null
}
