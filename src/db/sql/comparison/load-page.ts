/**
 * A page of the items in a comparison, in the order of their schedule (schedule-order.ts) or by the size of a change,
 * which has to read every item, of those that are listed if some are: one grouping over the metric's values, then the
 * largest.
 */

import type { Queryable } from '../../client.ts'
import type { Parameter } from '../../conditions.ts'
import type { Page, PageRequest } from '../../keyset.ts'
import { PreparedNames } from '../../prepared-names.ts'
import { queryRows } from '../../query-rows.ts'
import { StatementScope } from '../../statement-scope.ts'
import { differenceOf, valuesOfMetric } from './metric-values.ts'
import { filteredItems, itemsOfRuns, type MetricOfRuns, type RowFilter } from './row-filter.ts'
import { type ComparedRuns, pageInSchedule, parsePlace } from './schedule-order.ts'

type RowOrderField = 'SCHEDULE' | 'REGRESSION' | 'IMPROVEMENT' | 'CHANGE'

/** Schedule order, or the largest regression, improvement or change of a metric among the candidates first. */
export type RowOrder = { field: 'SCHEDULE' } | { field: Exclude<RowOrderField, 'SCHEDULE'>; metric: MetricOfRuns }

export interface ComparedItem {
  itemId: string
}

/** The number of parts in the sort key of an order. */
export function rowKeyParts({ field }: RowOrder): number {
  return field === 'SCHEDULE' ? 2 : 3
}

/** Of pages without a filter: planning one takes a third of its time. */
const prepared = new PreparedNames(100)

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
      ? pageInSchedule(runs, filter, page, parameter)
      : byChange(runs, filter, order.field, order.metric, page, parameter)
  const isPlain = order.field === 'SCHEDULE' && Object.values(filter).every((part) => part == null)
  const name = isPlain ? prepared.of(text) : undefined
  const query = () => queryRows<ComparedItem & { sortKey: string[] }>(db, text, values, name)
  const rows = await expensivelyIfApart(runs, query)
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
  const items = pageInSchedule(runs, filter, page, (value) => `$${values.push(value)}`)
  const text = `SELECT count(*)::int AS count FROM (${items}) counted`
  const rows = await expensivelyIfApart(runs, () => queryRows<{ count: number }>(db, text, values))
  return rows[0]?.count ?? 0
}

/** Only sorting all items finds those of runs with seeds of their own, which no document says beforehand. */
function expensivelyIfApart<T>({ seeds }: ComparedRuns, query: () => Promise<T>): Promise<T> {
  const isOneOrder = seeds.every((seed) => seed === seeds[0])
  return isOneOrder ? query() : (StatementScope.current?.expensively(query) ?? query())
}

function byChange(
  runs: ComparedRuns,
  filter: RowFilter,
  field: Exclude<RowOrderField, 'SCHEDULE'>,
  metric: MetricOfRuns,
  page: PageRequest,
  parameter: Parameter,
): string {
  const { ctes, join, conditions } = filteredItems(runs.datasetVersions, filter, parameter)
  const direction = page.backward ? 'DESC' : 'ASC'
  const beyond = (key: string[] | null, operator: '<' | '>') => {
    const parsed = parsePlace(key?.slice(1) ?? null, operator === '>' ? 'after' : 'before')
    if (!key || !parsed) return []
    return [
      `(rank, run, position) ${operator}
       (${parameter(Number(key[0]))}::float8, ${parameter(parsed.run)}::int, ${parameter(parsed.position)}::int)`,
    ]
  }
  const keyset = ['true', ...beyond(page.after, '>'), ...beyond(page.before, '<')]
  return `WITH ${[
    ...ctes,
    `ordered AS MATERIALIZED (${valuesOfMetric(metric.values, parameter, runs.ids.length, metric.rules, filter.itemIds)})`,
    // The first run that has each. By sorting: there is no index by item, and no plan may compare every item with every other.
    `item AS MATERIALIZED (SELECT DISTINCT ON (item_id) item_id, run, position
       FROM ${itemsOfRuns(runs.repetitions, filter, parameter)} ORDER BY item_id, run)`,
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
