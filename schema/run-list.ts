import type { Run } from '../src/db/generated/prisma/client.ts'
import { listRuns, type RunFilter } from '../src/db/sql/list-runs.ts'
import { builder } from './builder.ts'
import { type ConnectionArguments, listConnection } from './connection.ts'
import type { Context } from './context.ts'
import { OrderDirection } from './enums.ts'

const RunOrderField = builder.enumType('RunOrderField', {
  description: 'What runs can be ordered by.',
  values: {
    CREATED_AT: { description: 'When it was started.' },
    FINISHED_AT: { description: 'When it ended; runs that have not ended count as the newest.' },
    NAME: { description: 'Its name.' },
  },
})

export const RunOrder = builder.inputType('RunOrder', {
  description: 'How runs are ordered.',
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
  }),
})

/** A page of the runs of a project, dataset or experiment. */
export function runsConnection(
  context: Context,
  parent: 'project' | 'dataset' | 'experiment',
  parentId: string,
  args: ConnectionArguments & { orderBy?: typeof RunOrder.$inferInput | null },
  filter: RunFilter,
) {
  const { field, direction } = args.orderBy ?? { field: 'CREATED_AT', direction: 'DESC' }
  const list = listRuns(parent, filter, { field, descending: direction === 'DESC' })
  return listConnection<Run>(context, list, `${field} ${direction}`, parentId, args)
}
