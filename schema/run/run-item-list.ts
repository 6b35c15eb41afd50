import type { GraphQLResolveInfo } from 'graphql'
import type { Run } from '../../src/db/generated/prisma/client.ts'
import type { List } from '../../src/db/keyset.ts'
import {
  listPlacedItems,
  listRunItems,
  type RunItemFilter as SqlFilter,
} from '../../src/db/sql/run-item/list-run-items.ts'
import type { ListedRunItem } from '../../src/db/sql/run-item/listed-columns.ts'
import { InvalidInputError } from '../../src/domain/errors.ts'
import type { RunSettings } from '../../src/domain/run.ts'
import { itemCount } from '../../src/domain/run-figures.ts'
import { placesOfPage } from '../../src/engine/runs/item-orders.ts'
import { checkPositions } from '../../src/feed/window.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { OrderDirection, RunItemErrorCode, RunItemStatus, ScoreSource } from '../enums.ts'
import { FloatRange, IntRange } from '../number-range.ts'
import { type ConnectionArguments, connection, isUnfiltered, pageRequest } from '../relay/connection.ts'
import { listedItems } from '../relay/listed-items.ts'
import { PositionRange } from './feed-arguments.ts'
import { leftOutBy } from './run-item.ts'

const RunItemOrderField = builder.enumType('RunItemOrderField', {
  description: 'Orders of the items of a run. Items without a value come last in either direction.',
  values: {
    POSITION: { description: 'The order in which they are executed.' },
    LATENCY: { description: 'How long the task took.' },
    COST: { description: 'The cost of the task.' },
    FINISHED_AT: { description: 'When they finished.' },
    SCORE: { description: 'Their score named `score`, of `source`; the mean of several people or programs.' },
  },
})

export const RunItemOrder = builder.inputType('RunItemOrder', {
  description: 'How the items of a run are ordered.',
  fields: (t) => ({
    field: t.field({
      type: RunItemOrderField,
      required: true,
      defaultValue: 'POSITION',
      description: 'The order.',
    }),
    direction: t.field({
      type: OrderDirection,
      required: true,
      defaultValue: 'ASC',
      description: 'The direction.',
    }),
    score: t.string({ description: 'Name of the score to order by; required for SCORE.' }),
    source: t.field({ type: ScoreSource, description: 'Its source; default: EVALUATOR, else API, else HUMAN.' }),
  }),
})

const RunItemScoreFilter = builder.inputType('RunItemScoreFilter', {
  description: 'Items with a score of this name and source; of several people or programs their mean or majority.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name of the score.' }),
    source: t.field({ type: ScoreSource, description: 'Its source; default: EVALUATOR, else API, else HUMAN.' }),
    min: t.float({ description: 'Only those with at least this value.' }),
    max: t.float({ description: 'Only those with at most this value.' }),
    boolean: t.boolean({ description: 'Only those with this value.' }),
    labels: t.stringList({ description: 'Only those with one of these labels.' }),
    hasError: t.boolean({ description: 'true: only those whose evaluator failed; false: only the others.' }),
    missing: t.boolean({
      description: 'true: instead, executed items with neither the score nor an error of its evaluator.',
    }),
  }),
})

export const RunItemFilter = builder.inputType('RunItemFilter', {
  description: 'Which items of a run; all of the conditions must hold.',
  fields: (t) => ({
    status: t.field({ type: [RunItemStatus], description: 'Only those with one of these statuses.' }),
    search: t.string({
      description: 'Only those with this text in their key, input, expected output, output or error.',
    }),
    tags: t.stringList({
      description: 'Only those whose dataset item has all of these tags in the version of the run.',
    }),
    metadata: t.field({
      type: 'JSON',
      description: 'Only those whose dataset item has metadata that contains this in the version of the run.',
    }),
    score: t.field({ type: RunItemScoreFilter, description: 'Only those with a certain score.' }),
    latencyMs: t.field({ type: FloatRange, description: 'Only those with a latency in this range, in milliseconds.' }),
    costUsd: t.field({ type: FloatRange, description: 'Only those with a cost in this range.' }),
    errorCode: t.field({ type: [RunItemErrorCode], description: 'Only those with one of these error codes.' }),
    attempts: t.field({
      type: IntRange,
      description: 'Only those with a number of attempts in this range: `{ min: 2 }` for retried ones.',
    }),
    cached: t.boolean({
      description: 'true: only those with an output from the response cache; false: only the others.',
    }),
    repetition: t.int({ description: 'Only those of this repetition, from 0.' }),
    itemIds: t.idList({ description: 'Only those of these dataset items, at most 500.' }),
    positions: t.field({
      type: PositionRange,
      description: 'Only those at these positions: any part of a large run is read as fast as its beginning.',
    }),
  }),
})

/** One page of the items of a run. Their number is known from the run's counters if they are filtered by status only. */
export async function runItemsConnection(
  context: Context,
  run: Run,
  args: ConnectionArguments & {
    filter?: typeof RunItemFilter.$inferInput | null
    orderBy?: typeof RunItemOrder.$inferInput | null
  },
  info: GraphQLResolveInfo,
) {
  const { field, direction, score = null, source = null } = args.orderBy ?? { field: 'POSITION', direction: 'ASC' }
  if (field === 'SCORE' && score === null) {
    throw new InvalidInputError('Expected the name of the score to order by, got none.', ['orderBy', 'score'])
  }
  context.loaders.links.keepRun(run)
  const { status, ...others } = args.filter ?? {}
  for (const [member, value] of Object.entries({ score, source })) {
    if (field === 'SCORE' || value === null) continue
    throw new InvalidInputError(`Expected no ${member} in an order by ${field}, got one.`, ['orderBy', member])
  }
  const { name: _name, source: _source, missing, ...values } = args.filter?.score ?? {}
  if (missing && !isUnfiltered(values)) {
    throw new InvalidInputError('Expected `missing` without conditions on the score, got both.', [
      'filter',
      'score',
      'missing',
    ])
  }
  const by = { field, descending: direction === 'DESC', score, source }
  const leftOut = leftOutBy(info, ['nodes'], ['edges', 'node'])
  const list = listRunItems(sqlFilter(run, args.filter ?? {}), by, leftOut)
  const orderName = field === 'SCORE' ? `${field} ${direction} ${source} ${score}` : `${field} ${direction}`
  const request = pageRequest(args, { name: orderName, parts: list.keys.length })
  const { db } = context.services
  const read = (list: List) => context.loaders.page<ListedRunItem>(list, run.id, request)
  const places = isUnfiltered(args.filter) ? await placesOfPage(db, run, by, request) : null
  const page = await read(places ? listPlacedItems(places, by.descending, leftOut) : list)
  return connection(page, orderName, {
    totalCount: isUnfiltered(others) ? itemCount(run, status) : null,
    countUpTo: (limit) => context.loaders.count(list, run.id, limit),
  })
}

/** Positions as ordinals, by which the rows of a run are stored: a position has one for each repetition. */
function sqlFilter({ settings }: Run, { itemIds, positions, ...filter }: typeof RunItemFilter.$inferInput): SqlFilter {
  const found: SqlFilter = filter
  if (itemIds) found.itemIds = listedItems(itemIds, ['filter', 'itemIds'])
  if (positions) {
    const { from, to } = checkPositions(positions, ['filter', 'positions'])
    const { repetitions } = settings as unknown as RunSettings
    found.ordinals = { min: from * repetitions, max: (to + 1) * repetitions - 1 }
  }
  return found
}
