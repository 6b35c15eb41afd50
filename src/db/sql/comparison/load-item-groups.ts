import type { Queryable } from '../../client.ts'
import { integerColumn, integers, numberColumn, numbers } from '../../number-columns.ts'
import { queryRows } from '../../query-rows.ts'
import { type Grouping, maxValueLength } from '../run/load-run-groups.ts'

/** The largest groups of the items of one version of a dataset. */
export interface ItemGroups {
  /** How many there are in all. */
  count: number
  /** The tag or value of each, largest first; null: the items without any. */
  values: (string | null)[]
  /** One entry for each item and group that it is in. */
  itemIds: Float64Array
  /** Index in `values`. */
  groups: Int32Array
}

export async function loadItemGroups(
  db: Queryable,
  { datasetId, version }: { datasetId: string; version: number },
  grouping: Grouping,
  limit: number,
): Promise<ItemGroups> {
  // As in load-run-groups.ts: arrays are compared with nulls being equal.
  const values =
    grouping.by === 'TAG'
      ? 'SELECT DISTINCT tag AS value FROM unnest(v.tags) AS tag'
      : `SELECT left(v.metadata #>> $4::text[], ${maxValueLength}) AS value`
  const [row] = await queryRows<Record<'ids' | 'groups', Buffer | null> & { count: number; values: (string | null)[] }>(
    db,
    `WITH member AS MATERIALIZED (
       SELECT v.item_id, ARRAY[k.value] AS value
       FROM dataset_item_revision v LEFT JOIN LATERAL (${values}) k ON true
       WHERE v.dataset_id = $1 AND v.valid_from <= $2 AND (v.valid_to IS NULL OR v.valid_to > $2)
     ), listed AS MATERIALIZED (
       SELECT value, row_number() OVER (ORDER BY count(*) DESC, value)::int - 1 AS number FROM member GROUP BY value
     )
     SELECT (SELECT count(*)::int FROM listed) AS count,
       (SELECT COALESCE(array_agg(value[1] ORDER BY number), '{}') FROM listed WHERE number < $3) AS values,
       ${numberColumn('m.item_id', 'm.item_id, l.number')} AS ids, ${integerColumn('l.number', 'm.item_id, l.number')} AS groups
     FROM member m JOIN listed l USING (value) WHERE l.number < $3`,
    [datasetId, version, limit, ...(grouping.by === 'METADATA' ? [grouping.path] : [])],
  )
  return {
    count: row?.count ?? 0,
    values: row?.values ?? [],
    itemIds: numbers(row?.ids),
    groups: integers(row?.groups),
  }
}

/** A key of the items' metadata whose values some items share, and what belongs together by it. */
export interface MetadataKey {
  key: string
  itemIds: Float64Array
  /** Equal numbers for equal values. */
  values: Int32Array
}

/** Keys at most, those with the most items that share a value first. */
const mostKeys = 20

/** The keys at the top of the metadata with texts, numbers or truth values that several items share, but not all. */
export async function loadSharedKeys(
  db: Queryable,
  { datasetId, version }: { datasetId: string; version: number },
): Promise<MetadataKey[]> {
  const rows = await queryRows<{ key: string; ids: Buffer; values: Buffer }>(
    db,
    `WITH given AS MATERIALIZED (
       SELECT v.item_id, e.key, e.value #>> '{}' AS value
       FROM dataset_item_revision v CROSS JOIN LATERAL jsonb_each(
         CASE jsonb_typeof(v.metadata) WHEN 'object' THEN v.metadata ELSE '{}' END) e
       WHERE v.dataset_id = $1 AND v.valid_from <= $2 AND (v.valid_to IS NULL OR v.valid_to > $2)
         AND jsonb_typeof(e.value) IN ('string', 'number', 'boolean')
     ), shared AS MATERIALIZED (
       SELECT key FROM given GROUP BY key HAVING count(DISTINCT value) BETWEEN 2 AND count(*) - 1
       ORDER BY count(*) - count(DISTINCT value) DESC, key LIMIT $3
     )
     SELECT key, ${numberColumn('item_id')} AS ids, ${integerColumn('number')} AS values
     FROM (SELECT key, item_id, dense_rank() OVER (PARTITION BY key ORDER BY value)::int - 1 AS number
           FROM given JOIN shared USING (key)) ranked
     GROUP BY key ORDER BY key`,
    [datasetId, version, mostKeys],
  )
  return rows.map(({ key, ids, values }) => ({ key, itemIds: numbers(ids), values: integers(values) }))
}
