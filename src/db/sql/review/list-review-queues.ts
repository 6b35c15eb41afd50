import { columns } from '../../columns.ts'
import { mentions } from '../../conditions.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Key, List, ListOrder } from '../../keyset.ts'
import { reviewItemFrom, reviewItemSelect } from './reviews.ts'

export interface ReviewQueueFilter {
  /** Text anywhere in the name or the description, ignoring case. */
  search?: string | null
  /** Whether it is closed. */
  closed?: boolean | null
  /** Of this run, also where its outputs are only shown beside others. */
  runId?: string | null
  /** Only those that are assigned to this person, or to nobody. */
  forPersonId?: string | null
}

type ReviewQueueOrderField = 'NAME' | 'CREATED_AT'

const orderKeys: Record<ReviewQueueOrderField, Key> = {
  NAME: { sql: 'q.name', type: 'text' },
  CREATED_AT: { sql: 'q.created_at', type: 'timestamptz' },
}

/** The review queues of a project. */
export function listReviewQueues(
  { search, closed, runId, forPersonId }: ReviewQueueFilter,
  { field, descending }: ListOrder<ReviewQueueOrderField>,
): List {
  return {
    select: columns('q', Prisma.ReviewQueueScalarFieldEnum),
    from: 'review_queue q',
    parent: { column: 'q.project_id', type: 'uuid' },
    where: (parameter) => [
      ...mentions(['q.name', 'q.description'], search, parameter),
      ...(closed == null ? [] : [`(q.closed_at IS NOT NULL) = ${parameter(closed)}`]),
      ...(runId == null ? [] : [`${parameter(runId)}::uuid IN (q.run_id, q.baseline_id)`]),
      ...(forPersonId == null
        ? []
        : [
            `(NOT EXISTS (SELECT FROM review_assignee a WHERE a.queue_id = q.id)
              OR EXISTS (SELECT FROM review_assignee a WHERE a.queue_id = q.id AND a.person_id = ${parameter(forPersonId)}))`,
          ]),
    ],
    keys: [orderKeys[field], { sql: 'q.id', type: 'uuid' }],
    descending,
  }
}

/** The items of a queue, in its order. */
export function listReviewItems(): List {
  return {
    select: reviewItemSelect,
    from: reviewItemFrom,
    parent: { column: 'i.queue_id', type: 'uuid' },
    where: () => [],
    keys: [{ sql: 'i.position', type: 'int', consecutive: true }],
    descending: false,
  }
}
