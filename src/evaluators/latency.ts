import * as z from 'zod'
import { type Builtin, judgement } from './builtin.ts'

/** Whether the task took at most `maxMs`. */
export const latency: Builtin<'latency'> = {
  schema: z.strictObject({
    kind: z.literal('builtin'),
    type: z.literal('latency'),
    maxMs: z.number().min(0),
  }),
  dataType: 'BOOLEAN',
  create: ({ maxMs }) => {
    return ({ latencyMs }) => judgement(latencyMs <= maxMs)
  },
}
