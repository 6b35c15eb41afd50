import type { ScoreSource } from '../../../domain/evaluation.ts'
import { type ItemErrorCode, itemErrorCodes } from '../../../domain/execution/task.ts'
import type { Json } from '../../../domain/json/json.ts'
import type { RunItemStatus } from '../../../domain/run.ts'
import { containing } from '../../columns.ts'
import { between, jsonContains, jsonMentions, type NumberRange, type Parameter } from '../../conditions.ts'
import type { Key, List } from '../../keyset.ts'
import { itemSeries, runSeries } from '../score/series.ts'
import { executionsOfItems, itemPlaces } from './item-places.ts'
import { type LeftOut, listedColumns } from './listed-columns.ts'
import { runItemColumns } from './run-item-columns.ts'

type RunItemOrderField = 'POSITION' | 'LATENCY' | 'COST' | 'FINISHED_AT' | 'SCORE'

/** Items without a value for the order come last in either direction. */
export interface RunItemOrder {
  field: RunItemOrderField
  descending: boolean
  /** Name of the score that SCORE orders by. */
  score?: string | null
  /** Its source; null: the preferred one. */
  source?: ScoreSource | null
}

/** Items with scores of a series that satisfy every part; with `missing`, items that were executed and have none. */
export interface ItemScoreFilter extends NumberRange {
  name: string
  /** Null: the preferred one. */
  source?: ScoreSource | null
  boolean?: boolean | null
  labels?: readonly string[] | null
  hasError?: boolean | null
  missing?: boolean | null
}

/** An item must satisfy every part. */
export interface RunItemFilter {
  status?: readonly RunItemStatus[] | null
  /** Text anywhere in the key, input, expected output, output or error. */
  search?: string | null
  /** All of these. */
  tags?: readonly string[] | null
  /** What the metadata of the dataset item has. */
  metadata?: Json
  score?: ItemScoreFilter | null
  /** Milliseconds. */
  latencyMs?: NumberRange | null
  costUsd?: NumberRange | null
  errorCode?: readonly ItemErrorCode[] | null
  attempts?: NumberRange | null
  cached?: boolean | null
  /** From 0. */
  repetition?: number | null
  /** Dataset items. */
  itemIds?: readonly string[]
  /** Places in the primary key. */
  ordinals?: { min: number; max: number }
}

/** An item of a run in an order by a value. */
export interface ItemPlace {
  ordinal: number
  /** What it is ordered by. */
  value: number
}

/**
 * The items of a run. By POSITION a page is read as a range of the primary key; any other order and any
 * filter reads at most the run's items, each with the scores of one name or its revision where these are asked for.
 */
export function listRunItems(filter: RunItemFilter, order: RunItemOrder, leftOut: LeftOut): List {
  const { search, tags, metadata } = filter
  const ofWholeRun = order.field === 'SCORE' && Object.values(filter).every((part) => part == null)
  return {
    select: listedColumns('i', leftOut),
    from: (parameter) => {
      if (ofWholeRun) {
        return `${seriesOf(order, 'parent.id', parameter)} CROSS JOIN LATERAL (
          SELECT * FROM run_item WHERE run_id = parent.id AND ordinal = series.ordinal OFFSET 0) i`
      }
      if (!search && !tags?.length && metadata == null) return 'run_item i'
      return `run_item i
         JOIN run r ON r.id = i.run_id
         JOIN dataset_item_revision v ON v.item_id = i.item_id
           AND v.valid_from <= r.dataset_version AND (v.valid_to IS NULL OR v.valid_to > r.dataset_version)`
    },
    parent: { column: 'i.run_id', type: 'uuid' },
    where: (parameter) => [
      ...(filter.status ? [`i.status = ANY (${parameter(filter.status)}::"RunItemStatus"[])`] : []),
      ...(filter.errorCode ? [failed(filter.errorCode, parameter)] : []),
      ...(filter.cached == null ? [] : [`i.cached = ${parameter(filter.cached)}`]),
      ...(filter.repetition == null ? [] : [`i.repetition = ${parameter(filter.repetition)}::int`]),
      ...(filter.itemIds
        ? [
            `i.ordinal = ANY (ARRAY(SELECT p.ordinal FROM ${itemPlaces('ARRAY[parent.id]', parameter(filter.itemIds))}))`,
          ]
        : []),
      ...(filter.ordinals
        ? [`i.ordinal BETWEEN ${parameter(filter.ordinals.min)}::int AND ${parameter(filter.ordinals.max)}::int`]
        : []),
      ...between('i.attempts', filter.attempts, parameter),
      ...between('i.latency_ms', filter.latencyMs, parameter),
      ...between('i.cost_usd', filter.costUsd, parameter),
      ...(tags?.length ? [`v.tags @> ${parameter(tags)}::text[]`] : []),
      ...jsonContains('v.metadata', metadata, parameter),
      ...(filter.score ? [scored(filter.score, parameter)] : []),
      ...(search
        ? [
            `(${jsonMentions(['v.input', 'v.expected_output', 'i.output'], search, parameter)}
              OR i.error ->> 'message' ILIKE ${parameter(containing(search))}
              OR EXISTS (SELECT FROM dataset_item d WHERE d.id = i.item_id AND d.key ILIKE ${parameter(containing(search))}))`,
          ]
        : []),
    ],
    keys: orderKeys(order, ofWholeRun),
    descending: order.descending,
  }
}

/** Items of a run whose places in an order are known. */
export function listPlacedItems(places: readonly ItemPlace[], descending: boolean, leftOut: LeftOut): List {
  return {
    select: listedColumns('i', leftOut),
    from: (parameter) => {
      const [ordinals, values] = [places.map(({ ordinal }) => ordinal), places.map(({ value }) => value)]
      return `unnest(${parameter(ordinals)}::int[], ${parameter(values)}::float8[]) AS place (ordinal, value)
        CROSS JOIN LATERAL (SELECT * FROM run_item WHERE run_id = parent.id AND ordinal = place.ordinal OFFSET 0) i`
    },
    parent: { column: 'i.run_id', type: 'uuid' },
    where: () => [],
    keys: [{ sql: 'place.value', type: 'float8' }, ordinal],
    descending,
    onePlan: true,
  }
}

/** A SELECT of what all items of a run are ordered by first, as `value`, each with its `ordinal`. */
export function valuesOfRun(order: RunItemOrder, runId: string, parameter: Parameter): string {
  const [value] = orderKeys(order, true)
  const sql = typeof value?.sql === 'function' ? value.sql(parameter) : value?.sql
  if (order.field !== 'SCORE') return `SELECT ${sql} AS value, i.ordinal FROM run_item i WHERE i.run_id = ${runId}`
  return `SELECT ${sql} AS value, series.ordinal FROM ${seriesOf(order, runId, parameter)}`
}

function seriesOf({ score, source }: RunItemOrder, runId: string, parameter: Parameter): string {
  return runSeries(runId, parameter(score ?? ''), source ? parameter(source) : null)
}

const ordinal: Key = { sql: 'i.ordinal', type: 'int' }

function orderKeys({ field, descending, score, source }: RunItemOrder, ofWholeRun: boolean): Key[] {
  const last = descending ? `'-infinity'` : `'infinity'`
  switch (field) {
    case 'POSITION':
      return [{ ...ordinal, consecutive: true }]
    case 'LATENCY':
      return [{ sql: `COALESCE(i.latency_ms, ${last})`, type: 'float8' }, ordinal]
    case 'COST':
      return [{ sql: `COALESCE(i.cost_usd, ${last})`, type: 'float8' }, ordinal]
    case 'FINISHED_AT':
      return [{ sql: `COALESCE(date_part('epoch', i.finished_at), ${last})`, type: 'float8' }, ordinal]
    case 'SCORE':
      return [
        {
          sql: (parameter) =>
            ofWholeRun
              ? `COALESCE(series.value, ${last})`
              : `COALESCE(${itemSeries(parameter(score ?? ''), source ? parameter(source) : null).value}, ${last})`,
          type: 'float8',
        },
        ordinal,
      ]
  }
}

/** A task's own codes are all TASK_FAILED. */
function failed(codes: readonly ItemErrorCode[], parameter: Parameter): string {
  const isOne = `i.error ->> 'code' = ANY (${parameter(codes)}::text[])`
  if (!codes.includes('TASK_FAILED')) return isOne
  return `(${isOne} OR i.error ->> 'code' <> ALL (${parameter(itemErrorCodes)}::text[]))`
}

function scored(filter: ItemScoreFilter, parameter: Parameter): string {
  const { boolean, labels, hasError, missing } = filter
  const series = itemSeries(parameter(filter.name), filter.source ? parameter(filter.source) : null)
  if (missing) return `(i.status IN ('SUCCEEDED', 'FAILED') AND NOT ${series.has([])})`
  const has = series.has([
    ...between('avg(s.value)', filter, parameter),
    ...(boolean == null ? [] : [`avg(s.value) = ${Number(boolean)}`]),
    ...(hasError == null ? [] : [`(count(s.error) > 0) = ${parameter(hasError)}`]),
  ])
  return labels ? `(${has} AND ${series.label} = ANY (${parameter(labels)}::text[]))` : has
}

/** What runs made of a dataset item: those of the newest run first, within a run by repetition. */
export function listRunItemsOfItem(): List {
  return {
    select: runItemColumns('i'),
    from: `dataset_item d JOIN run r ON r.dataset_id = d.dataset_id
      CROSS JOIN LATERAL (SELECT i.* FROM ${executionsOfItems('i', 'ARRAY[r.id]', 'ARRAY[d.id]')}) i`,
    parent: { column: 'd.id', type: 'bigint' },
    where: () => [],
    keys: [
      { sql: 'r.created_at', type: 'timestamptz' },
      { sql: 'r.id', type: 'uuid' },
      { sql: '-i.repetition', type: 'int' },
    ],
    descending: true,
  }
}
