import type { ReviewSelection } from '../../../domain/review/selection.ts'
import type { Queryable } from '../../client.ts'
import { columns } from '../../columns.ts'
import { Prisma, type ReviewQueue } from '../../generated/prisma/client.ts'
import { queryRows } from '../../query-rows.ts'

const queueColumns = columns('review_queue', Prisma.ReviewQueueScalarFieldEnum)

export interface NewReviewQueue
  extends Pick<
    ReviewQueue,
    | 'projectId'
    | 'name'
    | 'description'
    | 'runId'
    | 'baselineId'
    | 'pairwise'
    | 'scores'
    | 'authorsPerItem'
    | 'seed'
    | 'itemCount'
    | 'createdById'
  > {
  selection: ReviewSelection
}

export async function insertReviewQueue(client: Queryable, queue: NewReviewQueue): Promise<ReviewQueue> {
  const [made] = await queryRows<ReviewQueue>(
    client,
    `INSERT INTO review_queue (project_id, name, description, run_id, baseline_id, pairwise, selection, scores,
       authors_per_item, seed, item_count, created_by_id)
     SELECT "projectId", name, description, "runId", "baselineId", pairwise, selection, scores, "authorsPerItem", seed,
       "itemCount", "createdById"
     FROM jsonb_to_record($1::jsonb) AS q ("projectId" uuid, name text, description text, "runId" uuid,
       "baselineId" uuid, pairwise boolean, selection jsonb, scores text[], "authorsPerItem" int, seed text,
       "itemCount" int, "createdById" uuid)
     RETURNING ${queueColumns}`,
    [JSON.stringify(queue)],
  )
  return made as ReviewQueue
}

/** Replaces those whom the queue is assigned to. */
export async function assignReviewQueue(
  client: Queryable,
  queueId: string,
  personIds: readonly string[],
): Promise<void> {
  await client.query('DELETE FROM review_assignee WHERE queue_id = $1 AND person_id <> ALL ($2::uuid[])', [
    queueId,
    personIds,
  ])
  await client.query(
    `INSERT INTO review_assignee (queue_id, person_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING`,
    [queueId, personIds],
  )
}

/** Those whom the queue is assigned to; empty: everybody. */
export async function loadAssignees(client: Queryable, queueId: string): Promise<{ id: string; name: string }[]> {
  return queryRows<{ id: string; name: string }>(
    client,
    `SELECT p.id, p.name FROM review_assignee a JOIN person p ON p.id = a.person_id WHERE a.queue_id = $1 ORDER BY p.name`,
    [queueId],
  )
}

export async function updateReviewQueueRow(
  client: Queryable,
  { id, name, description, authorsPerItem, closedAt }: ReviewQueue,
): Promise<ReviewQueue> {
  const [changed] = await queryRows<ReviewQueue>(
    client,
    `UPDATE review_queue SET name = $2, description = $3, authors_per_item = $4, closed_at = $5 WHERE id = $1
     RETURNING ${queueColumns}`,
    [id, name, description, authorsPerItem, closedAt],
  )
  return changed as ReviewQueue
}

export interface NewReviewItem {
  ordinal: number
  probability: number | null
  information: number | null
  baselineFirst: boolean
}

/** In the order in which they are reviewed. */
export async function insertReviewItems(
  client: Queryable,
  queueId: string,
  items: readonly NewReviewItem[],
): Promise<void> {
  await client.query(
    `INSERT INTO review_item (queue_id, position, ordinal, probability, information, baseline_first)
     SELECT $1, number - 1, ordinal, probability, information, baseline_first
     FROM unnest($2::int[], $3::float8[], $4::float8[], $5::boolean[])
       WITH ORDINALITY AS item (ordinal, probability, information, baseline_first, number)`,
    [
      queueId,
      items.map(({ ordinal }) => ordinal),
      items.map(({ probability }) => probability),
      items.map(({ information }) => information),
      items.map(({ baselineFirst }) => baselineFirst),
    ],
  )
}

/** The queue, which nobody else changes or claims from before the transaction ends; null if the project has none. */
export async function lockReviewQueue(client: Queryable, projectId: string, id: string): Promise<ReviewQueue | null> {
  const [found] = await queryRows<ReviewQueue>(
    client,
    `SELECT ${queueColumns} FROM review_queue WHERE id = $1 AND project_id = $2 FOR UPDATE`,
    [id, projectId],
  )
  return found ?? null
}
