/** Working a queue: items are claimed, scored or skipped. */
import { transaction } from '../../db/client.ts'
import type { ReviewQueue } from '../../db/generated/prisma/client.ts'
import {
  claimReviews,
  loadReviewItems,
  type ReviewItemKey,
  type ReviewItemRow,
  writeReview,
} from '../../db/sql/review/reviews.ts'
import { loadAssignees, lockReviewQueue } from '../../db/sql/review/write-queue.ts'
import { ConflictError, ForbiddenError, InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import type { ScoreInput } from '../../domain/score.ts'
import { type SetScoreInput, setScores } from '../scores.ts'
import type { Services } from '../services.ts'
import { noSuchQueue } from './queues.ts'

/** How long an item is kept for who has claimed it. */
export const claimMs = 15 * 60_000

const maxClaims = 20

/**
 * Gives the caller the next items that lack authors, and keeps them for 15 minutes; first those that they hold already.
 * @param skipped those that the caller has skipped, instead of new ones
 * @throws {NotFoundError}
 * @throws {ConflictError} the queue is closed
 * @throws {ForbiddenError} it is assigned to others
 */
export async function claimReviewItems(
  services: Services,
  scope: Scope,
  { queueId, count, skipped }: { queueId: string; count: number; skipped: boolean },
  now = new Date(),
): Promise<{ queue: ReviewQueue; items: ReviewItemRow[] }> {
  requireWrite(scope)
  if (!(count >= 1 && count <= maxClaims)) {
    throw new InvalidInputError(`count: expected 1–${maxClaims}, got ${count}.`, ['count'])
  }
  const { id: personId } = scope.person
  const { queue, positions } = await transaction(services.db.pool, async (client) => {
    const queue = await lockReviewQueue(client, scope.projectId, queueId)
    if (!queue) throw noSuchQueue(['queueId'])
    if (queue.closedAt !== null) throw closed(queue, ['queueId'])
    const assigned = await loadAssignees(client, queueId)
    if (assigned.length > 0 && !assigned.some(({ id }) => id === personId)) {
      const names = assigned.map(({ name }) => name).join(', ')
      throw new ForbiddenError(`Review queue "${queue.name}" is assigned to ${names}, and not to ${scope.person.name}.`)
    }
    const { authorsPerItem } = queue
    const until = new Date(now.getTime() + claimMs)
    return {
      queue,
      positions: await claimReviews(client, { queueId, personId, authorsPerItem, count, skipped, now, until }),
    }
  })
  const keys = positions.map((position) => ({ queueId, position }))
  const items = await loadReviewItems(services.db.pool, scope.projectId, keys)
  return { queue, items: items.sort((a, b) => a.position - b.position) }
}

/** A score of one of the names of the queue. */
export interface ReviewScore extends ScoreInput {
  name: string
  comment?: string | null
}

/**
 * Records the scores of the caller for an item, all that the queue asks for, in place of those that they gave before. Also
 * of an item that others have finished meanwhile: nothing that somebody has said is lost.
 * @throws {InvalidInputError} other scores than the queue asks for, or one that does not fit its rules
 * @throws {NotFoundError} @throws {ConflictError} the queue is closed
 */
export async function recordReview(
  services: Services,
  scope: Scope,
  { key, scores }: { key: ReviewItemKey; scores: readonly ReviewScore[] },
  now = new Date(),
): Promise<ReviewItemRow> {
  requireWrite(scope)
  const { item, queue } = await openItem(services, scope, key)
  const given = scores.map(({ name }) => name.trim())
  const missing = queue.scores.filter((name) => !given.includes(name))
  const other = given.findIndex((name) => !queue.scores.includes(name))
  if (missing.length > 0 || other >= 0) {
    const got = given.length === 0 ? 'none' : given.join(', ')
    const path = other >= 0 ? ['scores', String(other), 'name'] : ['scores']
    throw new InvalidInputError(`Expected a score for each of ${queue.scores.join(', ')}, got ${got}.`, path)
  }
  const compared = queue.pairwise ? { metadata: { baselineId: encodeGlobalId('Run', item.baselineId ?? '') } } : {}
  const inputs = scores.map(
    (score): SetScoreInput => ({
      ...{ ...score, runId: item.runId, ordinal: item.ordinal, source: 'HUMAN' },
      ...(queue.pairwise ? preference(score) : {}),
      ...compared,
    }),
  )
  await setScores(services, scope, inputs, undefined, (client) =>
    writeReview(client, key, scope.person.id, 'DONE', now),
  )
  return item
}

/** With the labels that pairwise judges give. */
function preference({ value, label }: ReviewScore): Partial<SetScoreInput> {
  const labels = new Map([
    [1, 'candidate'],
    [0, 'baseline'],
    [0.5, 'tie'],
  ])
  return { dataType: 'NUMERIC', value, label: label ?? labels.get(value ?? Number.NaN) ?? null }
}

/**
 * Leaves an item to others; `claimReviewItems` gives it again to who asks for what they have skipped.
 * @throws {NotFoundError}
 * @throws {ConflictError} the queue is closed, or the caller has scored the item
 */
export async function skipReviewItem(
  services: Services,
  scope: Scope,
  key: ReviewItemKey,
  now = new Date(),
): Promise<ReviewItemRow> {
  requireWrite(scope)
  const { item } = await openItem(services, scope, key)
  const where = { queueId_position_personId: { ...key, personId: scope.person.id } }
  const own = await services.db.prisma.review.findUnique({ where })
  if (own?.status === 'DONE') {
    throw new ConflictError('You have scored this item; score it again to change that.', ['id'])
  }
  await writeReview(services.db.pool, key, scope.person.id, 'SKIPPED', now)
  return item
}

async function openItem({ db }: Services, { projectId }: Scope, key: ReviewItemKey) {
  const [item] = await loadReviewItems(db.pool, projectId, [key])
  const queue = item && (await db.prisma.reviewQueue.findFirst({ where: { id: key.queueId, projectId } }))
  if (!item || !queue) throw new NotFoundError('There is no such item of a review queue in this project.', ['id'])
  if (queue.closedAt !== null) throw closed(queue, ['id'])
  return { item, queue }
}

function closed({ name }: ReviewQueue, path: string[]): ConflictError {
  return new ConflictError(`Review queue "${name}" is closed. Open it again to go on: updateReviewQueue.`, path)
}
