/** Review queues: the list, one of them, and what is done with its items. */
import { graphql } from '../../gql/gql.ts'
import type { ReviewedPairFragment, ReviewQueueSummaryFragment } from '../../gql/graphql.ts'

export const queueSummary = graphql(`
  fragment ReviewQueueSummary on ReviewQueue {
    id
    name
    description
    pairwise
    scores
    authorsPerItem
    closedAt
    createdAt
    run { id name dataset { id name } }
    baseline { id name }
    assignees { id name }
    progress { total done reviews byPerson { person { id name } done skipped } }
  }
`)

export const reviewQueues = graphql(`
  query ReviewQueues($filter: ReviewQueueFilter) {
    reviewQueues(first: 50, filter: $filter) { nodes { ...ReviewQueueSummary } }
  }
`)

export const reviewQueue = graphql(`
  query ReviewQueuePage($id: ID!) {
    node(id: $id) {
      id
      ... on ReviewQueue {
        ...ReviewQueueSummary
        run { id stats { scores { name source dataType direction count errorCount missingCount mean min max stddev stderr labels { label count } } } }
        agreement { score alpha { value interval { low high } units } pairs { first second items kappa { value } } }
      }
    }
    viewer { person { id name } role }
  }
`)

export const reviewedPair = graphql(`
  fragment ReviewedPair on ReviewItem {
    id
    position
    baselineFirst
    runItem { ...ReviewedItemParts }
    baselineItem { ...ReviewedItemParts }
  }
`)

export const claimItems = graphql(`
  mutation ClaimReviewItems($input: ClaimReviewItemsInput!) {
    claimReviewItems(input: $input) {
      ... on ClaimReviewItemsPayload { reviewItems { ...ReviewedPair } }
      ... on UserError { message path }
    }
  }
`)

export const recordReview = graphql(`
  mutation RecordReview($input: RecordReviewInput!) {
    recordReview(input: $input) {
      ... on RecordReviewPayload { reviewItem { ...ReviewedPair queue { ...ReviewQueueSummary } } }
      ... on UserError { message path }
    }
  }
`)

export const skipItem = graphql(`
  mutation SkipReviewItem($input: SkipReviewItemInput!) {
    skipReviewItem(input: $input) {
      ... on SkipReviewItemPayload { reviewItem { id queue { ...ReviewQueueSummary } } }
      ... on UserError { message path }
    }
  }
`)

export const changeQueue = graphql(`
  mutation ChangeReviewQueue($input: UpdateReviewQueueInput!) {
    updateReviewQueue(input: $input) {
      ... on UpdateReviewQueuePayload { reviewQueue { ...ReviewQueueSummary } }
      ... on UserError { message path }
    }
  }
`)

export const deleteQueue = graphql(`
  mutation DeleteReviewQueue($input: DeleteReviewQueueInput!) {
    deleteReviewQueue(input: $input) { ... on DeleteReviewQueuePayload { deletedId } ... on UserError { message path } }
  }
`)

export const createQueue = graphql(`
  mutation CreateReviewQueue($input: CreateReviewQueueInput!) {
    createReviewQueue(input: $input) {
      ... on CreateReviewQueuePayload { reviewQueue { ...ReviewQueueSummary } }
      ... on UserError { message path }
    }
  }
`)

export const newQueueForm = graphql(`
  query NewReviewQueue($runId: ID!, $baselineId: ID!) {
    run(id: $runId) { id name dataset { id name } stats { scores { name source dataType } } }
    baseline: run(id: $baselineId) { id name }
    scoreConfigs(first: 100) { nodes { id name dataType } }
  }
`)

export type QueueSummary = ReviewQueueSummaryFragment
export type QueuedItem = ReviewedPairFragment
