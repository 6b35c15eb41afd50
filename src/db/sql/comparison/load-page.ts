/**
 * A page of the items in a comparison.
 *
 * In schedule order a page costs the same at any size: the items of the first run (the baseline, if there is one) come
 * first, in its order, straight from the primary key; the few that only others have come last and are not searched
 * before those are used up. Ordering by the size of a change has to read every item: one grouping over the metric's
 * values, then the largest.
 */
import type { Direction } from '../../../domain/evaluation.ts'
import type { Json } from '../../../domain/json/json.ts'
import type { LackingRule } from '../../../domain/lacking-values.ts'
import type { Queryable } from '../../client.ts'
import { containing } from '../../columns.ts'
import { jsonContains, jsonMentions } from '../../conditions.ts'
import { alteredCursor, type Page, type PageRequest } from '../../keyset.ts'
import { queryRows } from '../../query-rows.ts'
import { executionsOfItems, itemPlaces } from '../run-item/item-places.ts'
import { differenceOf, type MetricValues, valuesOfMetric } from './metric-values.ts'

export type CellChange = 'IMPROVED' | 'REGRESSED' | 'CHANGED' | 'UNCHANGED' | 'MISSING'
type RowOrderField = 'SCHEDULE' | 'REGRESSION' | 'IMPROVEMENT' | 'CHANGE'

/** A metric and the candidates it applies to, as run numbers from 2; none without a baseline. */
interface MetricOfRuns {
  values: MetricValues
  /** What failed executions count as in it. */
  rules: readonly LackingRule[]
  direction: Direction
  candidates: readonly number[]
}

export interface RowFilter {
  /** Items whose metric changed like this in one of the candidates. */
  change?: { is: CellChange; metric: MetricOfRuns } | null
  /** Items whose outputs differ between the runs that have one. */
  differingOutputs?: boolean | null
  /** Items that failed in one run and succeeded in another. */
  failedInOne?: boolean | null
  /** Items that have all of these tags. */
  tags?: readonly string[] | null
  /** What their metadata has. */
  metadata?: Json
  /** Text anywhere in the input, expected output, an output or an error. */
  search?: string | null
  /** These items. */
  itemIds?: readonly string[]
}

/** Schedule order, or the largest regression, improvement or change of a metric among the candidates first. */
export type RowOrder = { field: 'SCHEDULE' } | { field: Exclude<RowOrderField, 'SCHEDULE'>; metric: MetricOfRuns }

export interface ComparedRuns {
  /** Baseline first, if there is one. */
  ids: readonly string[]
  datasetVersions: readonly number[]
  /** Of the first run. */
  repetitions: number
}

export interface ComparedItem {
  itemId: string
}

/** The number of parts in the sort key of an order. */
export function rowKeyParts({ field }: RowOrder): number {
  return field === 'SCHEDULE' ? 2 : 3
}

/** One statement. */
export async function loadComparisonPage(
  db: Queryable,
  runs: ComparedRuns,
  filter: RowFilter,
  order: RowOrder,
  page: PageRequest,
): Promise<Page<ComparedItem>> {
  const values: unknown[] = [runs.ids]
  const parameter = (value: unknown) => `$${values.push(value)}`
  const text =
    order.field === 'SCHEDULE'
      ? inSchedule(runs, filter, page, parameter)
      : byChange(runs, filter, order.field, order.metric, page, parameter)
  const rows = await queryRows<ComparedItem & { sortKey: string[] }>(db, text, values)
  const more = rows.length > page.limit
  if (more) rows.pop()
  if (page.backward) rows.reverse()
  return {
    rows,
    hasPreviousPage: page.backward ? more : page.after !== null,
    hasNextPage: page.backward ? page.before !== null : more,
  }
}

/** The number of items that the filter leaves, counted up to `limit`. */
export async function countComparisonItems(
  db: Queryable,
  runs: ComparedRuns,
  filter: RowFilter,
  limit: number,
): Promise<number> {
  const values: unknown[] = [runs.ids]
  const page = { limit: limit - 1, backward: false, after: null, before: null }
  const items = inSchedule(runs, filter, page, (value) => `$${values.push(value)}`)
  const rows = await queryRows<{ count: number }>(db, `SELECT count(*)::int AS count FROM (${items}) counted`, values)
  return rows[0]?.count ?? 0
}

type Parameter = (value: unknown) => string

/**
 * Every item of the runs, with the first run that has it. By sorting: there is no index by item, and no plan may compare
 * every item with every other.
 */
const itemsOfRuns = `SELECT DISTINCT ON (item_id) item_id, array_position($1::uuid[], run_id) AS run, position
  FROM run_item WHERE run_id = ANY ($1::uuid[]) AND repetition = 0 ORDER BY item_id, 2`

function inSchedule(runs: ComparedRuns, filter: RowFilter, page: PageRequest, parameter: Parameter): string {
  const { ctes, join, conditions } = filtered(runs, filter, parameter)
  const limit = parameter(page.limit + 1)
  const direction = page.backward ? 'DESC' : 'ASC'
  const { repetitions } = runs
  const after = parseKey(page.after, 'after')
  const before = parseKey(page.before, 'before')

  const ofFirst = {
    from: '(SELECT *, 1 AS run FROM run_item WHERE run_id = ($1::uuid[])[1]) i',
    // In terms of the primary key: ordinal = position * repetitions + repetition.
    where: [
      'i.repetition = 0',
      ...(after
        ? [after.run > 1 ? 'false' : `i.ordinal >= ${parameter((after.position + 1) * repetitions)}::int`]
        : []),
      ...(before?.run === 1 ? [`i.ordinal < ${parameter(before.position * repetitions)}::int`] : []),
    ],
    orderBy: `i.ordinal ${direction}`,
  }
  // Conditions are looked at for the few items that no run before has.
  const ofOthers = {
    from: `(${itemsOfRuns}) i`,
    where: [
      'i.run > 1',
      ...(after ? [`(i.run, i.position) > (${parameter(after.run)}::int, ${parameter(after.position)}::int)`] : []),
      ...(before ? [`(i.run, i.position) < (${parameter(before.run)}::int, ${parameter(before.position)}::int)`] : []),
    ],
    orderBy: `i.run ${direction}, i.position ${direction}`,
  }
  const select = ({ from, where, orderBy }: typeof ofFirst, ...more: string[]) =>
    `SELECT i.item_id, i.run, i.position FROM ${from} ${join}
     WHERE ${['true', ...more, ...where, ...conditions].join(' AND ')} ORDER BY ${orderBy} LIMIT ${limit}`
  const [near, far] = page.backward ? [ofOthers, ofFirst] : [ofFirst, ofOthers]
  return `WITH ${[
    ...ctes,
    `near AS MATERIALIZED (${select(near)})`,
    // Lateral to its gate, it does not start before the gate is open; next to it, parallel workers were started for
    // nothing (10 ms).
    `far AS MATERIALIZED (SELECT i.* FROM (SELECT count(*) < ${limit} AS open FROM near) gate
       CROSS JOIN LATERAL (${select(far, 'gate.open')}) i)`,
  ].join(', ')}
    SELECT item_id::text AS "itemId", ARRAY[run::text, position::text] AS "sortKey"
    FROM (SELECT * FROM near UNION ALL SELECT * FROM far) i
    ORDER BY run ${direction}, position ${direction} LIMIT ${limit}`
}

function byChange(
  runs: ComparedRuns,
  filter: RowFilter,
  field: Exclude<RowOrderField, 'SCHEDULE'>,
  metric: MetricOfRuns,
  page: PageRequest,
  parameter: Parameter,
): string {
  const { ctes, join, conditions } = filtered(runs, filter, parameter)
  const direction = page.backward ? 'DESC' : 'ASC'
  const beyond = (key: string[] | null, operator: '<' | '>') => {
    const parsed = parseKey(key?.slice(1) ?? null, operator === '>' ? 'after' : 'before')
    if (!key || !parsed) return []
    return [
      `(rank, run, position) ${operator}
       (${parameter(Number(key[0]))}::float8, ${parameter(parsed.run)}::int, ${parameter(parsed.position)}::int)`,
    ]
  }
  const keyset = ['true', ...beyond(page.after, '>'), ...beyond(page.before, '<')]
  return `WITH ${[
    ...ctes,
    `ordered AS MATERIALIZED (${valuesOfMetric(metric.values, parameter, runs.ids.length, metric.rules)})`,
    `item AS MATERIALIZED (${itemsOfRuns})`,
    `ranked AS (
       SELECT i.item_id, i.run, i.position, COALESCE(${rank(field, metric)}, 'infinity') AS rank
       FROM item i LEFT JOIN ordered USING (item_id) ${join}
       WHERE ${['true', ...conditions].join(' AND ')})`,
  ].join(', ')}
    SELECT item_id::text AS "itemId", ARRAY[rank::text, run::text, position::text] AS "sortKey"
    FROM ranked WHERE ${keyset.join(' AND ')}
    ORDER BY rank ${direction}, run ${direction}, position ${direction} LIMIT ${parameter(page.limit + 1)}`
}

/** A sort key that ascends as the change gets smaller; null if no candidate can be compared. */
function rank(field: Exclude<RowOrderField, 'SCHEDULE'>, { direction, candidates }: MetricOfRuns): string {
  const changes = candidates.map((run) => differenceOf('ordered.v1', `ordered.v${run}`))
  if (field === 'CHANGE' || direction === 'NONE')
    return `-greatest(${changes.map((change) => `abs(${change})`).join(', ')})`
  const gains = changes.map((change) => (direction === 'HIGHER_IS_BETTER' ? change : `-(${change})`)).join(', ')
  return field === 'REGRESSION' ? `least(${gains})` : `-greatest(${gains})`
}

/** The filter as conditions on an item `i (item_id, run)`, with the CTEs and the join they need. */
function filtered({ ids, datasetVersions }: ComparedRuns, filter: RowFilter, parameter: Parameter) {
  const { change, differingOutputs, failedInOne, tags, metadata, search, itemIds } = filter
  const executions = `${executionsOfItems('x', '$1', 'ARRAY[i.item_id]', 'ARRAY[i.position]')} WHERE true`
  const revision = () => {
    const version = `(${parameter(datasetVersions)}::int[])[i.run]`
    return `dataset_item_revision v WHERE v.item_id = i.item_id
      AND v.valid_from <= ${version} AND (v.valid_to IS NULL OR v.valid_to > ${version})`
  }
  const conditions: string[] = []
  if (change) conditions.push(changed(change.is, change.metric))
  if (differingOutputs) {
    conditions.push(`(SELECT count(DISTINCT outputs) FROM (
      SELECT jsonb_agg(DISTINCT x.output) AS outputs
      FROM ${executions} AND x.status = 'SUCCEEDED' GROUP BY x.run_id) o) > 1`)
  }
  if (failedInOne) {
    conditions.push(`(SELECT bool_or(failed) AND NOT bool_and(failed) FROM (
      SELECT bool_or(x.status = 'FAILED') AS failed
      FROM ${executions} AND x.status IN ('FAILED', 'SUCCEEDED') GROUP BY x.run_id) f)`)
  }
  if (itemIds) conditions.push(`i.item_id = ANY (${parameter(itemIds)}::bigint[])`)
  if (tags?.length) conditions.push(`EXISTS (SELECT FROM ${revision()} AND v.tags @> ${parameter(tags)}::text[])`)
  for (const has of jsonContains('v.metadata', metadata, parameter)) {
    conditions.push(`EXISTS (SELECT FROM ${revision()} AND ${has})`)
  }
  if (search) {
    conditions.push(`(EXISTS (SELECT FROM ${revision()}
        AND (${jsonMentions(['v.input', 'v.expected_output'], search, parameter)}))
      OR EXISTS (SELECT FROM ${executions}
        AND (${jsonMentions(['x.output'], search, parameter)}
          OR x.error ->> 'message' ILIKE ${parameter(containing(search))}))
      OR EXISTS (SELECT FROM dataset_item d WHERE d.id = i.item_id AND d.key ILIKE ${parameter(containing(search))}))`)
  }
  return {
    ctes: change
      ? [
          `filtered AS MATERIALIZED (${valuesOfMetric(change.metric.values, parameter, ids.length, change.metric.rules)})`,
        ]
      : [],
    join: change ? 'LEFT JOIN filtered USING (item_id)' : '',
    conditions,
  }
}

function changed(is: CellChange, { direction, candidates }: MetricOfRuns): string {
  if (candidates.length === 0) return 'false'
  const conditions = candidates.map((run) => {
    const change = `(${differenceOf('filtered.v1', `filtered.v${run}`)})`
    if (is === 'MISSING') {
      return `(filtered.v1 IS NULL OR filtered.v${run} IS NULL) AND EXISTS (SELECT FROM ${itemPlaces(
        `ARRAY[($1::uuid[])[1], ($1::uuid[])[${run}]]`,
        'ARRAY[i.item_id]',
        'ARRAY[i.position]',
      )})`
    }
    if (is === 'UNCHANGED') return `${change} = 0`
    if (is === 'CHANGED') return `${change} <> 0`
    if (direction === 'NONE') return 'false'
    return `${change} ${(is === 'IMPROVED') === (direction === 'HIGHER_IS_BETTER') ? '>' : '<'} 0`
  })
  return `(${conditions.map((condition) => `COALESCE(${condition}, false)`).join(' OR ')})`
}

function parseKey(key: string[] | null, argument: string): { run: number; position: number } | null {
  if (!key) return null
  const [run = '', position = ''] = key
  if (/^\d{1,2}$/.test(run) && /^\d{1,9}$/.test(position)) return { run: Number(run), position: Number(position) }
  throw alteredCursor([argument])
}
