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
 * Deletes and returns the scores that new ones with the same identities replace, looked up one by one. In two parts, as
 * `ordinal IS NOT DISTINCT FROM` could not use the index and would read every score of the run. The caller holds the locks of
 * the runs: a row that is updated meanwhile would be left out.
 */
export async function deleteReplacedScores(client: Queryable, scores: readonly ScoreIdentity[]): Promise<Score[]> {
  const replacedAt = (ordinal: string) => `SELECT s.ctid FROM given g
    CROSS JOIN LATERAL (
      SELECT ctid FROM score WHERE run_id = g."runId" AND ordinal ${ordinal} AND name = g.name AND source = g.source
        AND author = g.author OFFSET 0
    ) s`
  return queryRows<Score>(
    client,
    `WITH given AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS g (${identityColumns}))
     DELETE FROM score WHERE ctid = ANY (ARRAY(
       ${replacedAt('= g.ordinal')} UNION ALL ${replacedAt('IS NULL')} WHERE g.ordinal IS NULL))
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

/** Deletes and returns those of these scores that still exist. The caller holds the locks of their runs. */
export async function deleteScoreRows(client: Queryable, keys: readonly ScoreKey[]): Promise<Score[]> {
  return queryRows<Score>(
    client,
    `DELETE FROM score WHERE ctid = ANY (ARRAY(
       SELECT s.ctid FROM unnest($1::uuid[], $2::bigint[]) AS key (run_id, id)
       CROSS JOIN LATERAL (SELECT ctid, run_id FROM score WHERE id = key.id OFFSET 0) s
       WHERE s.run_id = key.run_id))
     RETURNING ${scoreColumns}`,
    [keys.map((key) => key.runId), keys.map((key) => key.id)],
  )
}
