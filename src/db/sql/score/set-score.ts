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
  author: string
}

export interface NewScore extends ScoreIdentity, ScoreValue {
  comment: string | null
  metadata: Json
}

const identityColumns = `"runId" uuid, ordinal int, name text, source "ScoreSource", author text`

/**
 * Deletes and returns the scores that new ones with the same identities replace. Two joins, because one on `ordinal IS
 * NOT DISTINCT FROM` could not use the index and would read every score of the run.
 */
export async function deleteReplacedScores(client: Queryable, scores: readonly ScoreIdentity[]): Promise<Score[]> {
  return queryRows<Score>(
    client,
    `WITH given AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS g (${identityColumns}))
     DELETE FROM score WHERE id IN (
       SELECT s.id FROM given g JOIN score s ON s.run_id = g."runId" AND s.ordinal = g.ordinal
         AND s.name = g.name AND s.source = g.source AND s.author = g.author
       UNION ALL
       SELECT s.id FROM given g JOIN score s ON s.run_id = g."runId" AND s.ordinal IS NULL
         AND s.name = g.name AND s.source = g.source AND s.author = g.author
       WHERE g.ordinal IS NULL)
     RETURNING ${scoreColumns}`,
    [JSON.stringify(scores)],
  )
}

/** Returns the new rows, in no particular order. */
export async function insertScores(client: Queryable, scores: readonly NewScore[]): Promise<Score[]> {
  return queryRows<Score>(
    client,
    `INSERT INTO score (run_id, ordinal, name, data_type, value, label, comment, metadata, source, author)
     SELECT "runId", ordinal, name, "dataType", value, label, comment, metadata, source, author
     FROM jsonb_to_recordset($1::jsonb) AS g (${identityColumns}, "dataType" "ScoreDataType", value float8, label text,
       comment text, metadata jsonb)
     RETURNING ${scoreColumns}`,
    [JSON.stringify(scores)],
  )
}

/** Deletes and returns those of these scores that still exist. */
export async function deleteScoreRows(client: Queryable, keys: readonly ScoreKey[]): Promise<Score[]> {
  return queryRows<Score>(
    client,
    `DELETE FROM score USING unnest($1::uuid[], $2::bigint[]) AS key (run_id, id)
     WHERE score.run_id = key.run_id AND score.id = key.id RETURNING ${scoreColumns}`,
    [keys.map((key) => key.runId), keys.map((key) => key.id)],
  )
}
