import type { Run, RunItem } from '../../src/db/generated/prisma/client.ts'
import { listRunItems } from '../../src/db/sql/run-item/list-run-items.ts'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { itemCount } from '../../src/domain/run-figures.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { OrderDirection, RunItemErrorCode, RunItemStatus } from '../enums.ts'
import { FloatRange, IntRange } from '../number-range.ts'
import { type ConnectionArguments, isUnfiltered, listConnection } from '../relay/connection.ts'

const RunItemOrderField = builder.enumType('RunItemOrderField', {
  description: 'What the items of a run can be ordered by. Items without a value come last in either direction.',
  values: {
    POSITION: { description: 'The order they are executed in.' },
    LATENCY: { description: 'How long the task took.' },
    COST: { description: 'What the task cost.' },
    FINISHED_AT: { description: 'When they finished.' },
    SCORE: { description: 'Their score named `score`; the mean if there are several.' },
  },
})

export const RunItemOrder = builder.inputType('RunItemOrder', {
  description: 'How the items of a run are ordered.',
  fields: (t) => ({
    field: t.field({
      type: RunItemOrderField,
      required: true,
      defaultValue: 'POSITION',
      description: 'What to order by.',
    }),
    direction: t.field({
      type: OrderDirection,
      required: true,
      defaultValue: 'ASC',
      description: 'Which end comes first.',
    }),
    score: t.string({ description: 'Name of the score to order by; needed for SCORE.' }),
  }),
})

const RunItemScoreFilter = builder.inputType('RunItemScoreFilter', {
  description: 'Items with a score of this name, of any source; several on one item count as their mean.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name of the score.' }),
    min: t.float({ description: 'Whose value is at least this.' }),
    max: t.float({ description: 'Whose value is at most this.' }),
    boolean: t.boolean({ description: 'Whose value is true, or false.' }),
    labels: t.stringList({ description: 'With one of these labels.' }),
    hasError: t.boolean({ description: 'Whose evaluator failed (true), or did not (false).' }),
    missing: t.boolean({
      description: 'True: instead those that were executed and have neither the score nor an error of its evaluator.',
    }),
  }),
})

export const RunItemFilter = builder.inputType('RunItemFilter', {
  description: 'Which items of a run; parts that are given together must all hold.',
  fields: (t) => ({
    status: t.field({ type: [RunItemStatus], description: 'In one of these states.' }),
    search: t.string({ description: 'With this text in their input, expected output, output or error.' }),
    tags: t.stringList({ description: 'Whose dataset item has all of these tags, in the version of the run.' }),
    score: t.field({ type: RunItemScoreFilter, description: 'By a score.' }),
    latencyMs: t.field({ type: FloatRange, description: 'Whose task took so many milliseconds.' }),
    costUsd: t.field({ type: FloatRange, description: 'Whose task cost so much.' }),
    errorCode: t.field({ type: [RunItemErrorCode], description: 'Whose error has one of these codes.' }),
    attempts: t.field({ type: IntRange, description: 'With so many attempts: `{ min: 2 }` for retried ones.' }),
    cached: t.boolean({ description: 'Whose output came from the response cache (true), or did not (false).' }),
    repetition: t.int({ description: 'Of this repetition, from 0.' }),
  }),
})

/** One page of the items of a run. Their number is known from the run's counters if they are filtered by status only. */
export function runItemsConnection(
  context: Context,
  run: Run,
  args: ConnectionArguments & {
    filter?: typeof RunItemFilter.$inferInput | null
    orderBy?: typeof RunItemOrder.$inferInput | null
  },
) {
  const { field, direction, score = null } = args.orderBy ?? { field: 'POSITION', direction: 'ASC' }
  if (field === 'SCORE' && score === null) {
    throw new InvalidInputError('Expected the name of the score to order by, got none.', ['orderBy', 'score'])
  }
  context.loaders.links.keepRun(run)
  const { status, ...others } = args.filter ?? {}
  const list = listRunItems(args.filter ?? {}, { field, descending: direction === 'DESC', score })
  const orderName = field === 'SCORE' ? `${field} ${direction} ${score}` : `${field} ${direction}`
  const totalCount = isUnfiltered(others) ? itemCount(run, status) : null
  return listConnection<RunItem>(context, list, orderName, run.id, args, totalCount)
}
