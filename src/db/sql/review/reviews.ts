/** Who has which item of a queue, and what became of it. */
import type { Queryable } from '../../client.ts'
import type { ReviewStatus } from '../../generated/prisma/client.ts'
import { queryRows } from '../../query-rows.ts'
import { executionsOfItems } from '../run-item/item-places.ts'

/** What identifies an item of a queue. */
export interface ReviewItemKey {
  queueId: string
  position: number
}

export interface ReviewItemRow extends ReviewItemKey {
  runId: string
  ordinal: number
  /** The run whose output is shown beside it, and the run item with it; null without one. */
  baselineId: string | null
  baselineOrdinal: number | null
  probability: number | null
  information: number | null
  baselineFirst: boolean
}

const itemSql = `SELECT i.queue_id AS "queueId", i.position, q.run_id AS "runId", i.ordinal, q.baseline_id AS "baselineId",
    b.ordinal AS "baselineOrdinal", i.probability, i.information, i.baseline_first AS "baselineFirst"`
const itemFrom = `review_item i JOIN review_queue q ON q.id = i.queue_id
    LEFT JOIN run_item own ON q.baseline_id IS NOT NULL AND own.run_id = q.run_id AND own.ordinal = i.ordinal
    LEFT JOIN LATERAL (
      SELECT other.ordinal
      FROM ${executionsOfItems('other', 'ARRAY[q.baseline_id]', 'ARRAY[own.item_id]', 'ARRAY[own.position]')}
      WHERE other.repetition = own.repetition AND other.status = 'SUCCEEDED') b ON own.item_id IS NOT NULL`

/** For lists of items. */
export const reviewItemSelect = itemSql.replace(/^SELECT /, '')
export const reviewItemFrom = itemFrom

/** Those of these items whose queues belong to the project, in no particular order. */
export async function loadReviewItems(
  client: Queryable,
  projectId: string,
  keys: readonly ReviewItemKey[],
): Promise<ReviewItemRow[]> {
  return queryRows<ReviewItemRow>(
    client,
    `${itemSql} FROM unnest($1::uuid[], $2::int[]) AS key (queue_id, position)
     JOIN (${itemFrom}) ON i.queue_id = key.queue_id AND i.position = key.position
     WHERE q.project_id = $3`,
    [keys.map(({ queueId }) => queueId), keys.map(({ position }) => position), projectId],
  )
}

export interface ReviewRow extends ReviewItemKey {
  personId: string
  status: ReviewStatus
  claimedUntil: Date | null
  changedAt: Date
}

/** What persons have to do with these items, in the order in which it came. */
export async function loadReviews(client: Queryable, keys: readonly ReviewItemKey[]): Promise<ReviewRow[]> {
  return queryRows<ReviewRow>(
    client,
    `SELECT r.queue_id AS "queueId", r.position, r.person_id AS "personId", r.status, r.claimed_until AS "claimedUntil",
       r.changed_at AS "changedAt"
     FROM unnest($1::uuid[], $2::int[]) AS key (queue_id, position)
     JOIN review r ON r.queue_id = key.queue_id AND r.position = key.position
     ORDER BY r.changed_at, r.person_id`,
    [keys.map(({ queueId }) => queueId), keys.map(({ position }) => position)],
  )
}

export interface ClaimRequest {
  queueId: string
  personId: string
  authorsPerItem: number
  count: number
  /** Whether those come that the person has skipped, instead of new ones. */
  skipped: boolean
  now: Date
  until: Date
}

/**
 * Claims items for a person: those that they hold already, then the next ones that lack authors, counting those whom others
 * hold. The caller holds the lock of the queue, so that nobody claims at the same time. @returns positions in order
 */
export async function claimReviews(client: Queryable, request: ClaimRequest): Promise<number[]> {
  const { queueId, personId, authorsPerItem, count, skipped, now, until } = request
  const rows = await queryRows<{ position: number }>(
    client,
    `WITH open AS (
       SELECT i.position, mine.status
       FROM review_item i
       LEFT JOIN review mine ON mine.queue_id = i.queue_id AND mine.position = i.position AND mine.person_id = $2
       WHERE i.queue_id = $1
         AND (mine.status IS NULL AND NOT $5 OR mine.status = 'CLAIMED' OR mine.status = 'SKIPPED' AND $5)
         AND (SELECT count(*) FROM review r
           WHERE r.queue_id = i.queue_id AND r.position = i.position AND r.person_id <> $2
             AND (r.status = 'DONE' OR r.status = 'CLAIMED' AND r.claimed_until > $6)) < $3
       ORDER BY mine.status = 'CLAIMED' DESC NULLS LAST, i.position
       LIMIT $4
     )
     INSERT INTO review (queue_id, position, person_id, status, claimed_until, changed_at)
     SELECT $1, position, $2, 'CLAIMED', $7, $6 FROM open
     ON CONFLICT (queue_id, position, person_id) DO UPDATE SET status = 'CLAIMED', claimed_until = $7, changed_at = $6
     RETURNING position`,
    [queueId, personId, authorsPerItem, count, skipped, now, until],
  )
  return rows.map(({ position }) => position).sort((a, b) => a - b)
}

/** Records what a person has done with an item. */
export async function writeReview(
  client: Queryable,
  { queueId, position }: ReviewItemKey,
  personId: string,
  status: 'DONE' | 'SKIPPED',
  now: Date,
): Promise<void> {
  await client.query(
    `INSERT INTO review (queue_id, position, person_id, status, changed_at) VALUES ($1, $2, $3, $4::"ReviewStatus", $5)
     ON CONFLICT (queue_id, position, person_id) DO UPDATE
       SET status = excluded.status, claimed_until = NULL, changed_at = excluded.changed_at`,
    [queueId, position, personId, status, now],
  )
}
