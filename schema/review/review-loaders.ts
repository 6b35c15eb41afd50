/** What a review queue and its items consist of, for all of a page at once. */
import type { Database } from '../../src/db/client.ts'
import { loadPersonsProgress, loadQueueLabels, loadQueueProgress } from '../../src/db/sql/review/progress.ts'
import { loadReviewItems, loadReviews, type ReviewItemKey } from '../../src/db/sql/review/reviews.ts'
import { many, one } from '../row-loaders.ts'

/** The caller has checked access to the queues. */
export function reviewLoaders({ pool, prisma }: Database, projectId: string) {
  return {
    reviewItem: one(
      (keys: readonly ReviewItemKey[]) => loadReviewItems(pool, projectId, keys),
      reviewItemKey,
      reviewItemKey,
    ),
    /** What persons have to do with an item of a queue. The caller has checked access to it. */
    reviews: many((keys: readonly ReviewItemKey[]) => loadReviews(pool, keys), reviewItemKey, reviewItemKey),
    queueProgress: one(
      (ids) => loadQueueProgress(pool, ids),
      (row) => row.queueId,
    ),
    personsProgress: many(
      (ids) => loadPersonsProgress(pool, ids),
      (row) => row.queueId,
    ),
    queueLabels: many(
      (ids) => loadQueueLabels(pool, ids),
      (row) => row.queueId,
    ),
    reviewAssignees: many(
      (ids) =>
        prisma.reviewAssignee.findMany({
          where: { queueId: { in: [...ids] } },
          orderBy: [{ person: { name: 'asc' } }, { personId: 'asc' }],
        }),
      (row) => row.queueId,
    ),
  }
}

function reviewItemKey({ queueId, position }: ReviewItemKey): string {
  return `${queueId}:${position}`
}
