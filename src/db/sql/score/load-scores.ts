import { numberArray, wordArray } from '../../array-literals.ts'
import type { Queryable } from '../../client.ts'
import { columns } from '../../columns.ts'
import type { Score } from '../../generated/prisma/client.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { queryRows } from '../../query-rows.ts'
import type { RunItemKey } from '../run-item/load-run-items.ts'

const scoreColumns = columns('s', Prisma.ScoreScalarFieldEnum)

/** Columns of the scores of run items that a list may leave out: many documents show little more than a value. */
export const optionalScoreColumns = [
  ...(['value', 'label', 'comment', 'metadata', 'costUsd'] as const),
  ...(['evaluatorVersionId', 'author', 'error', 'createdAt'] as const),
] as const

export type OptionalScoreColumn = (typeof optionalScoreColumns)[number]

/** A score of a list, which may leave out some columns. */
export interface ListedScore extends Omit<Score, OptionalScoreColumn>, Partial<Pick<Score, OptionalScoreColumn>> {}

/** What identifies a score. */
export interface ScoreKey {
  runId: string
  /** A decimal string. */
  id: string
}

/**
 * The scores with these keys whose runs belong to the project, in no particular order. OFFSET 0 makes the planner look up
 * one key after another: of a table that has grown since it was analysed it reads all rows.
 */
export async function loadScores(db: Queryable, projectId: string, keys: readonly ScoreKey[]): Promise<Score[]> {
  return queryRows<Score>(
    db,
    `SELECT ${scoreColumns}
     FROM unnest($1::uuid[], $2::bigint[]) AS key (run_id, id)
     CROSS JOIN LATERAL (SELECT * FROM score WHERE id = key.id OFFSET 0) s
     JOIN run r ON r.id = s.run_id
     WHERE s.run_id = key.run_id AND r.project_id = $3`,
    [keys.map((key) => key.runId), keys.map((key) => key.id), projectId],
  )
}

/** Scores as `scoresOfItem` returns them. */
export type ScoresOfItem = (Omit<ListedScore, 'id' | 'runId' | 'ordinal' | 'createdAt'> & {
  id: number
  createdAt?: string
})[]

/** What a score shares with its item, and need not be read. */
const ofItem = ['runId', 'ordinal']

/**
 * The scores of a run item, by name, as a value of a statement that reads it: saves a page or batch of items a round trip.
 * @param without columns to leave out
 */
export function scoresOfItem(item: string, without: readonly OptionalScoreColumn[]): string {
  return `(SELECT COALESCE(json_agg(s), '[]')
    FROM (SELECT ${columns('s', Prisma.ScoreScalarFieldEnum, [...ofItem, ...without])} FROM score s
      WHERE s.run_id = ${item}.run_id AND s.ordinal = ${item}.ordinal ORDER BY s.name, s.id OFFSET 0) s)`
}

/** With the types of `loadItemScores`, without what was left out. */
export function parseScores(scores: ScoresOfItem, { runId, ordinal }: RunItemKey): ListedScore[] {
  return scores.map(({ id, createdAt, ...score }) => ({
    ...score,
    ...(createdAt === undefined ? {} : { createdAt: new Date(createdAt) }),
    id: BigInt(id),
    runId,
    ordinal,
  }))
}

/**
 * The scores of these run items, by name. The caller has checked access to the items. OFFSET 0 for the reason above
 * (0.5 ms instead of 8 for 150 items after 20,000).
 */
export async function loadItemScores(db: Queryable, keys: readonly RunItemKey[]): Promise<Score[]> {
  return queryRows<Score>(
    db,
    `SELECT ${scoreColumns}
     FROM unnest($1::uuid[], $2::int[]) AS key (run_id, ordinal)
     CROSS JOIN LATERAL (SELECT * FROM score WHERE run_id = key.run_id AND ordinal = key.ordinal OFFSET 0) s
     ORDER BY s.name, s.id`,
    [wordArray(keys.map((key) => key.runId)), numberArray(keys.map((key) => key.ordinal))],
    'load-item-scores',
  )
}
