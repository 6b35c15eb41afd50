/** The state of the list of evaluators, as its address has it. */
import { z } from 'zod'

export const evaluatorsSearch = z.object({
  /** Whether the form for a new one is open. */
  add: z.literal(true).optional().catch(undefined),
})
