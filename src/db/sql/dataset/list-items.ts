import type { Json } from '../../../domain/json/json.ts'
import { containing } from '../../columns.ts'
import { jsonContains, jsonMentions, type Parameter } from '../../conditions.ts'
import type { List } from '../../keyset.ts'
import { revisionColumns } from './revision-row.ts'

export interface DatasetItemFilter {
  /** Text anywhere in the key, the input or the expected output, ignoring case. */
  search?: string | null
  /** Items with all of these tags. */
  tags?: readonly string[] | null
  /** The item with this key. */
  key?: string | null
  /** What the metadata has. */
  metadata?: Json
}

/**
 * The items of one version of a dataset, `current` for the one that each parent has, or the last content of those that are
 * archived, in the order they were added or reversed. An index on (dataset_id, item_id) provides the order and the starting
 * point, that of archived items has ended revisions only: a page reads its own rows and the revisions between them, of other
 * versions and of items that are (for archived ones: are not) archived.
 */
export function listDatasetItemsAt(
  version: number | 'current' | 'archived',
  filter: DatasetItemFilter = {},
  descending = false,
): List {
  const { search, tags, key, metadata } = filter
  return {
    select: revisionColumns,
    from: 'dataset_item_revision r JOIN dataset_item i ON i.id = r.item_id',
    parent: { column: 'r.dataset_id', type: 'uuid', leads: true },
    where: (parameter) => [
      ...inVersion(version, parameter),
      ...(search
        ? [
            `(i.key ILIKE ${parameter(containing(search))}
              OR ${jsonMentions(['r.input', 'r.expected_output'], search, parameter)})`,
          ]
        : []),
      ...(tags?.length ? [`r.tags @> ${parameter(tags)}::text[]`] : []),
      ...(key == null ? [] : [`i.key = ${parameter(key)}`]),
      ...jsonContains('r.metadata', metadata, parameter),
    ],
    keys: [{ sql: 'r.item_id', type: 'bigint' }],
    descending,
  }
}

function inVersion(version: number | 'current' | 'archived', parameter: Parameter): string[] {
  if (version === 'current') return ['r.valid_to IS NULL']
  if (version === 'archived') return ['r.valid_to IS NOT NULL', notFollowed]
  const at = parameter(version)
  return [`r.valid_from <= ${at}::int`, `(r.valid_to IS NULL OR r.valid_to > ${at}::int)`]
}

/** An item that was restored has later revisions. */
const notFollowed = `NOT EXISTS (
  SELECT FROM dataset_item_revision later WHERE later.item_id = r.item_id AND later.valid_from >= r.valid_to
)`
