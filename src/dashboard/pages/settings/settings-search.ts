/** Which part of the settings is shown, as the address has it. */
import { z } from 'zod'

export const settingsParts = ['you', 'keys', 'projects', 'limits'] as const

export const settingsSearch = z.object({
  /** Default: who is signed in. */
  part: z.enum(settingsParts).optional().catch(undefined),
})
