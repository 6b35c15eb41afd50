import * as z from 'zod'
import { type Builtin, judgement } from './builtin.ts'

/** Whether the task cost at most `maxUsd`; does not apply if the cost is unknown. */
export const cost: Builtin<'cost'> = {
  schema: z.strictObject({
    kind: z.literal('builtin'),
    type: z.literal('cost'),
    maxUsd: z.number().min(0),
  }),
  dataType: 'BOOLEAN',
  create: ({ maxUsd }) => {
    return ({ costUsd }) => (costUsd === null ? null : judgement(costUsd <= maxUsd))
  },
}
