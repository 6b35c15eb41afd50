import type { List } from '../../keyset.ts'

/** An item that two versions of a dataset do not have in common. */
export interface DatasetItemChangeRow {
  itemId: string
  /** The first version of its content in the earlier version; null if it is not in that. */
  before: number | null
  /** The same in the later version. */
  after: number | null
}

const contentAt = (revision: string, version: string) =>
  `${revision}.valid_from <= ${version} AND (${revision}.valid_to IS NULL OR ${revision}.valid_to > ${version})`

/**
 * The items of a dataset that differ between two versions, oldest item first. Only items with a revision that begins or
 * ends between them can; those come from the index on (dataset_id, item_id).
 */
export function listDatasetItemChanges(from: number, to: number): List {
  return {
    select: 'i.id::text AS "itemId", b.valid_from AS "before", a.valid_from AS "after"',
    from: (parameter) => {
      const [earlier, later] = [`${parameter(from)}::int`, `${parameter(to)}::int`]
      return `(SELECT DISTINCT r.item_id FROM dataset_item_revision r WHERE r.dataset_id = parent.id
                 AND ((r.valid_from > ${earlier} AND r.valid_from <= ${later})
                   OR (r.valid_to > ${earlier} AND r.valid_to <= ${later}))) touched
        JOIN dataset_item i ON i.id = touched.item_id
        LEFT JOIN dataset_item_revision b ON b.item_id = i.id AND ${contentAt('b', earlier)}
        LEFT JOIN dataset_item_revision a ON a.item_id = i.id AND ${contentAt('a', later)}`
    },
    parent: { column: 'i.dataset_id', type: 'uuid' },
    // Equal digests are equal contents: what was changed and changed back is no change.
    where: () => ['b.digest IS DISTINCT FROM a.digest'],
    keys: [{ sql: 'i.id', type: 'bigint' }],
    descending: false,
  }
}
