import type { Json } from '../../../domain/json/json.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

export interface SampledItem {
  input: Json
  metadata: Json
}

/** Up to `count` items of the current version, the same ones each time, whatever their order of arrival. */
export async function sampleItems(db: Queryable, datasetId: string, count: number): Promise<SampledItem[]> {
  return queryRows<SampledItem>(
    db,
    `SELECT input, metadata FROM dataset_item_revision
     WHERE dataset_id = $1 AND valid_to IS NULL
     ORDER BY hashint8(item_id), item_id
     LIMIT $2`,
    [datasetId, count],
  )
}
