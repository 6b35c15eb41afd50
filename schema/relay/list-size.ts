/** How many rows a list has, for every connection: `totalCount` where that is stored, else `countUpTo`. */
import { InvalidInputError } from '../../src/domain/errors.ts'
import { builder } from '../builder.ts'

const maxCount = 1_000

builder.globalConnectionFields((t) => ({
  totalCount: t.int({
    nullable: true,
    description: 'Number of rows in the whole list; null unless the description of the list says that it is known.',
    resolve: ({ totalCount }) => (typeof totalCount === 'function' ? totalCount() : totalCount),
  }),
  countUpTo: t.int({
    description: 'Number of rows in the whole list with its filters, at most `limit`.',
    extensions: { counts: 'limit' },
    args: {
      limit: t.arg.int({
        required: true,
        defaultValue: maxCount,
        description: `Where to stop counting: 1–${maxCount.toLocaleString('en')}.`,
      }),
    },
    resolve: ({ countUpTo }, { limit }) => {
      if (limit >= 1 && limit <= maxCount) return countUpTo(limit)
      throw new InvalidInputError(
        `Expected a limit of 1–${maxCount.toLocaleString('en')}, got ${limit}: more is not counted.`,
        ['limit'],
      )
    },
  }),
}))
