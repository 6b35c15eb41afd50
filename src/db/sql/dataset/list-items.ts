import { containing } from '../../columns.ts'
import type { List } from '../../keyset.ts'
import { datasetItemColumns } from './item-row.ts'

export interface DatasetItemFilter {
  /** Text anywhere in the input or the expected output, in any case. */
  search?: string | null
  /** Items that have every one of these. */
  tags?: readonly string[] | null
}

/**
 * The items of a dataset in one of its versions, oldest first. The index on (dataset_id, item_id) gives the order and
 * the place to start, so a page reads its own rows and the revisions of other versions between them.
 */
export function listDatasetItemsAt(version: number, filter: DatasetItemFilter = {}): List {
  const { search, tags } = filter
  return {
    select: datasetItemColumns,
    from: 'dataset_item_revision r JOIN dataset_item i ON i.id = r.item_id',
    parent: { column: 'r.dataset_id', type: 'uuid' },
    where: (parameter) => {
      const at = parameter(version)
      const conditions = [`r.valid_from <= ${at}::int`, `(r.valid_to IS NULL OR r.valid_to > ${at}::int)`]
      if (search) {
        // What jsonb prints escapes quotes, backslashes and control characters as JSON.stringify does.
        const pattern = parameter(containing(JSON.stringify(search).slice(1, -1)))
        conditions.push(`(r.input::text ILIKE ${pattern} OR r.expected_output::text ILIKE ${pattern})`)
      }
      if (tags?.length) conditions.push(`r.tags @> ${parameter(tags)}::text[]`)
      return conditions
    },
    keys: [{ sql: 'r.item_id', type: 'bigint' }],
    descending: false,
  }
}
