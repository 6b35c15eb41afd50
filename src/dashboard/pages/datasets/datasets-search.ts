/** The state of the page of datasets, as its address has it. */
import { z } from 'zod'

export const datasetsSearch = z.object({
  /** The folder that is shown; default: the root. */
  folder: z.string().min(1).max(200).optional().catch(undefined),
  /** Datasets of all folders with this text. */
  q: z.string().min(1).max(256).optional().catch(undefined),
})

export type DatasetsSearch = z.infer<typeof datasetsSearch>
