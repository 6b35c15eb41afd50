import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

export interface DatasetTagRow {
  datasetId: string
  tag: string
  /** Items with it in the current version. */
  count: number
}

/** Tags of one dataset. */
const maxTags = 100

/** The most frequent tags of each dataset, that first. Reads the current items of the datasets. */
export function countDatasetTags(db: Queryable, datasetIds: readonly string[]): Promise<DatasetTagRow[]> {
  return queryRows<DatasetTagRow>(
    db,
    `SELECT d.id::text AS "datasetId", t.tag, t.count
     FROM unnest($1::uuid[]) AS d (id)
     CROSS JOIN LATERAL (
       SELECT tag, count(*)::int AS count
       FROM dataset_item_revision r CROSS JOIN unnest(r.tags) AS tag
       WHERE r.dataset_id = d.id AND r.valid_to IS NULL
       GROUP BY tag ORDER BY count(*) DESC, tag LIMIT $2
     ) t`,
    [datasetIds, maxTags],
  )
}
