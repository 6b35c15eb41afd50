/** What the form starts with, as its address has it. */
import { z } from 'zod'

const text = z.string().min(1).max(500).optional().catch(undefined)

export const newExperimentSearch = z.object({
  /** Id of the dataset. */
  dataset: text,
  /** Id of an experiment whose configuration is the beginning. */
  from: text,
})
