import type { List } from '../../keyset.ts'
import { revisionColumns } from './revision-row.ts'

/** The revisions of an item, newest first. */
export function listItemRevisions(): List {
  return {
    select: revisionColumns,
    from: 'dataset_item_revision r JOIN dataset_item i ON i.id = r.item_id',
    parent: { column: 'r.item_id', type: 'bigint' },
    where: () => [],
    keys: [{ sql: 'r.valid_from', type: 'int' }],
    descending: true,
  }
}
