/** What the form starts with, as its address has it. */
import { z } from 'zod'

const text = z.string().min(1).max(500).optional().catch(undefined)

export const newExperimentSearch = z.object({
  /** Id of the dataset. */
  dataset: text,
  /** Id of an experiment, or of a run, whose configuration is the beginning. */
  from: text,
  /** With a run: id of the one that the new run is compared with; default: the run that it is made from. */
  against: text,
  /** Name of the prompt that is tested. */
  prompt: text,
})
