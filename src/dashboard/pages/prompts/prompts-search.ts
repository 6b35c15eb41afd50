/** The states of the pages of prompts, as their addresses have them. */
import { z } from 'zod'

const text = z.string().min(1).max(500).optional().catch(undefined)
const number = z.number().int().min(1).optional().catch(undefined)

export const promptsSearch = z.object({
  q: text,
  /** Cursor of the page before. */
  after: z.string().max(2_000).optional().catch(undefined),
  archived: z.literal(true).optional().catch(undefined),
})

export type PromptsSearch = z.infer<typeof promptsSearch>

export const promptSearch = z.object({
  /** The version that is shown; default: the newest. */
  version: number,
  /** The version that it is compared with; default: the one before it. */
  against: number,
  view: z.enum(['changes', 'try']).optional().catch(undefined),
  /** Id of the dataset that it is tried on. */
  dataset: text,
})

export type PromptSearch = z.infer<typeof promptSearch>

export const editPromptSearch = z.object({
  /** The version that is changed; default: the newest. */
  version: number,
  dataset: text,
})
