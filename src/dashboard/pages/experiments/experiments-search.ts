/** The state of the list of experiments, as its address has it. */
import { z } from 'zod'

export const experimentsSearch = z.object({
  q: z.string().min(1).max(500).optional().catch(undefined),
  /** Cursor of the page before. */
  after: z.string().max(2_000).optional().catch(undefined),
})

export type ExperimentsSearch = z.infer<typeof experimentsSearch>
