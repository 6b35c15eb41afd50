/** The states of the pages of evaluators, as their addresses have them. */
import { z } from 'zod'

const text = z.string().min(1).max(500).optional().catch(undefined)

export const evaluatorsSearch = z.object({
  q: text,
  /** Cursor of the page before. */
  after: z.string().max(2_000).optional().catch(undefined),
  archived: z.literal(true).optional().catch(undefined),
})

export type EvaluatorsSearch = z.infer<typeof evaluatorsSearch>

export const newEvaluatorSearch = z.object({
  /** What scores: a kind that comes along as the input names it, or `function:` and a name; default: to be chosen. */
  kind: text,
  /** Id of the run whose outputs it is tried on. */
  run: text,
})

export const evaluatorSearch = z.object({
  run: text,
  /** The version whose report is shown; default: the current one. */
  report: z.number().int().positive().optional().catch(undefined),
})
