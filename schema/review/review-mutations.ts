import { ConflictError, NotFoundError } from '../../src/domain/errors.ts'
import { createReviewQueue, deleteReviewQueue, updateReviewQueue } from '../../src/engine/review/queues.ts'
import { claimReviewItems, recordReview, skipReviewItem } from '../../src/engine/review/reviews.ts'
import { builder } from '../builder.ts'
import { deletion } from '../deletion.ts'
import { mutation } from '../mutation.ts'
import { ReviewItemRef, ReviewQueueRef } from '../refs.ts'
import { optionalRawId, rawId } from '../relay/global-id.ts'
import { reviewItemKey } from './review-item.ts'
import { ReviewSelectionInput } from './review-selection.ts'

mutation('createReviewQueue', {
  description: 'Makes a queue of outputs that a run has now, for people to score.',
  input: {
    description: 'A new review queue.',
    fields: (t) => ({
      name: t.string({ required: true, description: 'Unique in the project.' }),
      description: t.string({ description: 'What reviewers should know, at most 2,000 characters.' }),
      runId: t.id({ required: true, description: 'The run whose outputs are scored.' }),
      baselineId: t.id({
        description: 'A run of the same dataset whose outputs are shown beside; needed for regressions and pairs.',
      }),
      pairwise: t.boolean({
        required: true,
        defaultValue: false,
        description: 'Whether people say which of two outputs is better, that of the run or that of the baseline.',
      }),
      selection: t.field({ type: ReviewSelectionInput, required: true, description: 'Which outputs, up to 10,000.' }),
      scores: t.stringList({
        required: true,
        description: 'Names of 1–20 score configurations to give; of a pairwise queue one NUMERIC score, 0–1.',
      }),
      authorsPerItem: t.int({
        required: true,
        defaultValue: 1,
        description: 'How many persons score each item, 1–10.',
      }),
      assignees: t.stringList({ description: 'Names of the persons who may work it; default: everybody.' }),
      seed: t.string({
        description:
          "Decides which items are drawn, and their order. Default: the run's.\nQueues of runs with one seed have as many items in common as they can.",
      }),
    }),
  },
  errors: [NotFoundError, ConflictError],
  resolve: async ({ runId, baselineId, ...input }, { services, scope }) => ({
    reviewQueue: await createReviewQueue(services, scope, {
      ...input,
      runId: rawId('Run', runId, ['runId']),
      baselineId: optionalRawId('Run', baselineId, ['baselineId']),
    }),
  }),
  payload: {
    description: 'The review queue was made.',
    fields: (t) => ({ reviewQueue: t.expose('reviewQueue', { type: ReviewQueueRef, description: 'The new queue.' }) }),
  },
})

mutation('updateReviewQueue', {
  description: 'Changes, closes or opens a review queue. What was scored stays.',
  input: {
    description: 'The changes; omitted fields stay as they are.',
    fields: (t) => ({
      id: t.id({ required: true, description: 'The review queue.' }),
      name: t.string({ description: 'A new name.' }),
      description: t.string({ description: 'What reviewers should know; null clears it.' }),
      authorsPerItem: t.int({ description: 'How many persons score each item, 1–10.' }),
      assignees: t.stringList({ description: 'Replaces those who may work it; null: everybody.' }),
      closed: t.boolean({ description: 'true: nobody can work it any more; false: everybody can again.' }),
    }),
  },
  errors: [NotFoundError, ConflictError],
  resolve: async ({ id, ...input }, { services, scope }) => ({
    reviewQueue: await updateReviewQueue(services, scope, { ...input, id: rawId('ReviewQueue', id, ['id']) }),
  }),
  payload: {
    description: 'The review queue was changed.',
    fields: (t) => ({
      reviewQueue: t.expose('reviewQueue', { type: ReviewQueueRef, description: 'The queue as it is now.' }),
    }),
  },
})

deletion('deleteReviewQueue', {
  type: 'ReviewQueue',
  description: 'Deletes a review queue. Scores stay, but which of them were drawn is forgotten.',
  remove: (id, { services, scope }) => deleteReviewQueue(services, scope, id),
})

mutation('claimReviewItems', {
  description: 'Gives the caller the next items of a review queue that lack authors, and keeps them for 15 minutes.',
  input: {
    description: 'How many items.',
    fields: (t) => ({
      queueId: t.id({ required: true, description: 'The review queue.' }),
      count: t.int({ required: true, defaultValue: 1, description: '1–20, with those that the caller holds already.' }),
      skipped: t.boolean({
        required: true,
        defaultValue: false,
        description: 'true: those that the caller has skipped, instead of new ones.',
      }),
    }),
  },
  errors: [NotFoundError, ConflictError],
  resolve: async ({ queueId, count, skipped }, { services, scope }) => {
    const id = rawId('ReviewQueue', queueId, ['queueId'])
    const { queue, items } = await claimReviewItems(services, scope, { queueId: id, count, skipped })
    return { reviewQueue: queue, reviewItems: items }
  },
  payload: {
    description: 'The items are kept for the caller.',
    fields: (t) => ({
      reviewQueue: t.expose('reviewQueue', { type: ReviewQueueRef, description: 'The queue.' }),
      reviewItems: t.expose('reviewItems', {
        type: [ReviewItemRef],
        description: 'The items, those first that the caller held; empty when there is nothing left for them.',
        extensions: { listLength: 20 },
      }),
    }),
  },
})

const ReviewScoreInput = builder.inputType('ReviewScoreInput', {
  description: 'A score by `viewer.person`.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'One of the names that the queue asks for.' }),
    value: t.float({
      description: 'The value of a NUMERIC or BOOLEAN (0 or 1) score; of a pair 1 (run), 0 (baseline) or 0.5 (tie).',
    }),
    label: t.string({ description: 'The category of a CATEGORICAL or the text of a TEXT score.' }),
    comment: t.string({ description: 'Why.' }),
  }),
})

mutation('recordReview', {
  description:
    'Gives an item of a review queue the scores that it asks for, in place of those that the caller gave before.',
  input: {
    description: 'The scores of an item.',
    fields: (t) => ({
      id: t.id({ required: true, description: 'The item of the review queue.' }),
      scores: t.field({
        type: [ReviewScoreInput],
        required: true,
        description: 'One for each name that the queue asks for.',
      }),
    }),
  },
  errors: [NotFoundError, ConflictError],
  resolve: async ({ id, scores }, { services, scope }) => {
    const key = reviewItemKey(rawId('ReviewItem', id, ['id']))
    return { reviewItem: await recordReview(services, scope, { key, scores }) }
  },
  payload: {
    description: 'The scores were set, and the item is done for the caller.',
    fields: (t) => ({ reviewItem: t.expose('reviewItem', { type: ReviewItemRef, description: 'The item.' }) }),
  },
})

mutation('skipReviewItem', {
  description: 'Leaves an item of a review queue to others.',
  input: {
    description: 'An item.',
    fields: (t) => ({ id: t.id({ required: true, description: 'The item of the review queue.' }) }),
  },
  errors: [NotFoundError, ConflictError],
  resolve: async ({ id }, { services, scope }) => ({
    reviewItem: await skipReviewItem(services, scope, reviewItemKey(rawId('ReviewItem', id, ['id']))),
  }),
  payload: {
    description: 'It was left to others.',
    fields: (t) => ({ reviewItem: t.expose('reviewItem', { type: ReviewItemRef, description: 'The item.' }) }),
  },
})
