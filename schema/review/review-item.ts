import type { ReviewItemKey, ReviewRow } from '../../src/db/sql/review/reviews.ts'
import { builder } from '../builder.ts'
import { linkTo, missing } from '../links.ts'
import { PersonRef, ReviewItemRef, ReviewQueueRef, RunItemRef } from '../refs.ts'

/** `<queue id>:<position>`, the raw id of an item of a review queue. */
export function reviewItemKey(rawId: string): ReviewItemKey {
  const [queueId = '', position = ''] = rawId.split(':')
  return { queueId, position: Number(position) }
}

const ReviewStatus = builder.enumType('ReviewStatus', {
  description: 'What a person has to do with an item of a review queue.',
  values: {
    CLAIMED: { description: 'They have it before them: until `claimedUntil` nobody gets it in their place.' },
    DONE: { description: 'They have scored it.' },
    SKIPPED: { description: 'They have left it to others.' },
  } as const,
})

const Review = builder.objectRef<ReviewRow>('Review').implement({
  description: 'What a person has to do with an item of a review queue.',
  fields: (t) => ({
    person: t.field({
      type: PersonRef,
      description: 'The person.',
      resolve: linkTo('person', ({ personId }) => personId),
    }),
    status: t.expose('status', { type: ReviewStatus, description: 'What became of it.' }),
    claimedUntil: t.expose('claimedUntil', {
      type: 'DateTime',
      nullable: true,
      description: 'When it may go to others; null unless CLAIMED.',
    }),
    changedAt: t.expose('changedAt', { type: 'DateTime', description: 'Since when.' }),
  }),
})

builder.node(ReviewItemRef, {
  description: 'An output in a review queue.',
  id: { resolve: ({ queueId, position }) => `${queueId}:${position}` },
  loadWithoutCache: (id, { loaders }) => loaders.reviewItem.load(reviewItemKey(id)),
  fields: (t) => ({
    queue: t.field({
      type: ReviewQueueRef,
      description: 'Its queue.',
      resolve: linkTo('reviewQueue', ({ queueId }) => queueId),
    }),
    position: t.exposeInt('position', { description: 'Its place in the queue, from 0.' }),
    runItem: t.field({
      type: RunItemRef,
      description: 'The output, and the scores that it has.',
      resolve: async ({ runId, ordinal }, _args, { loaders }) =>
        (await loaders.runItem.load({ runId, ordinal })) ?? gone(`${runId}:${ordinal}`),
    }),
    baselineItem: t.field({
      type: RunItemRef,
      nullable: true,
      description: 'The output of the baseline for the same item and repetition; null without one.',
      resolve: ({ baselineId, baselineOrdinal }, _args, { loaders }) =>
        baselineId === null || baselineOrdinal === null
          ? null
          : loaders.runItem.load({ runId: baselineId, ordinal: baselineOrdinal }),
    }),
    baselineFirst: t.exposeBoolean('baselineFirst', {
      description: 'Of a pair: whether the output of the baseline is shown first, as chance has decided.',
    }),
    probability: t.exposeFloat('probability', {
      nullable: true,
      description: 'With which it was drawn; null where it was chosen for what it is.',
    }),
    information: t.exposeFloat('information', {
      nullable: true,
      description: 'How far scores disagree about it, or what a label was expected to say; null where nobody asked.',
    }),
    reviews: t.field({
      type: [Review],
      description: 'What persons have to do with it.',
      resolve: ({ queueId, position }, _args, { loaders }) => loaders.reviews.load({ queueId, position }),
    }),
  }),
})

/** Items are deleted with their run, and its queues before them. */
function gone(rawId: string): never {
  throw missing('RunItem', rawId)
}
