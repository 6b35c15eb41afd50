import type { Run } from '../../src/db/generated/prisma/client.ts'
import { listRuns, type RunFilter } from '../../src/db/sql/run/list-runs.ts'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { OrderDirection } from '../enums.ts'
import { type ConnectionArguments, listConnection } from '../relay/connection.ts'

const RunOrderField = builder.enumType('RunOrderField', {
  description: 'What runs can be ordered by.',
  values: {
    CREATED_AT: { description: 'When it was started.' },
    FINISHED_AT: { description: 'When it ended; runs that have not ended count as the newest.' },
    NAME: { description: 'Its name.' },
    FAILED: { description: 'How many of its items failed.' },
    LATENCY: { description: 'Mean milliseconds of the task.' },
    COST: { description: 'Mean cost of an item.' },
    SCORE: { description: 'Mean of the score named `score`.' },
  },
})

export const RunOrder = builder.inputType('RunOrder', {
  description: 'How runs are ordered; those without the value come last in either direction.',
  fields: (t) => ({
    field: t.field({
      type: RunOrderField,
      required: true,
      defaultValue: 'CREATED_AT',
      description: 'What to order by.',
    }),
    direction: t.field({
      type: OrderDirection,
      required: true,
      defaultValue: 'DESC',
      description: 'Which end comes first.',
    }),
    score: t.string({ description: 'Name of the score to order by; needed for SCORE.' }),
  }),
})

/** One page of the runs of a project, dataset or experiment. */
export function runsConnection(
  context: Context,
  parent: 'project' | 'dataset' | 'experiment',
  parentId: string,
  args: ConnectionArguments & { orderBy?: typeof RunOrder.$inferInput | null },
  filter: RunFilter,
) {
  const { field, direction, score = null } = args.orderBy ?? { field: 'CREATED_AT', direction: 'DESC' }
  if (field === 'SCORE' && score === null) {
    throw new InvalidInputError('Expected the name of the score to order by, got none.', ['orderBy', 'score'])
  }
  const list = listRuns(parent, filter, { field, descending: direction === 'DESC', score })
  const orderName = field === 'SCORE' ? `${field} ${direction} ${score}` : `${field} ${direction}`
  return listConnection<Run>(context, list, orderName, parentId, args)
}
