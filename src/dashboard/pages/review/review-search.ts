/** The state of a review, as its address has it. */
import { z } from 'zod'

const text = z.string().min(1).max(500).optional().catch(undefined)

export const reviewSearch = z.object({
  /** Name of the score that is given; default: the first that has rules. */
  score: text,
  /** Id of the item that is shown; default: the first without the score. */
  item: text,
  /** Whether the scores of others are shown before one's own is given. */
  open: z.literal(true).optional().catch(undefined),
})

export type ReviewSearch = z.infer<typeof reviewSearch>

export const reviewsSearch = z.object({ score: text })

export const queueSearch = z.object({
  /** Whether the scores of others are shown before one's own is given. */
  open: z.literal(true).optional().catch(undefined),
  /** Whether one goes through what one has skipped. */
  skipped: z.literal(true).optional().catch(undefined),
})

export const newQueueSearch = z.object({
  /** Id of the run whose outputs are scored. */
  run: text,
  /** Id of the run whose outputs are shown beside. */
  baseline: text,
})
