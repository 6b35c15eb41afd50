/** Which part of the settings is shown, as the address has it. */
import { z } from 'zod'

export const settingsParts = ['you', 'providers', 'scores', 'limits', 'keys', 'projects'] as const

export const settingsSearch = z.object({
  /** Default: who is signed in. */
  part: z.enum(settingsParts).optional().catch(undefined),
  /** Of the limits: the beginning of the endpoint that a new one is for. */
  endpoint: z.string().min(1).max(500).optional().catch(undefined),
})
