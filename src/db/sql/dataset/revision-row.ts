import type { Json } from '../../../domain/json/json.ts'

/** The content of an item in the versions [validFrom, validTo) of its dataset. */
export interface DatasetItemRevisionRow {
  /** Of the logical item; a decimal string. */
  itemId: string
  datasetId: string
  /** The item's current key. */
  key: string | null
  input: Json
  expectedOutput: Json
  metadata: Json
  tags: string[]
  /** The first version with this content. */
  validFrom: number
  /** The first version without it; null while it is current. */
  validTo: number | null
  /** When this content was written. */
  createdAt: Date
}

/** Of item `i` and revision `r`. */
export const revisionColumns = `i.id::text AS "itemId", i.dataset_id AS "datasetId", i.key, r.input,
  r.expected_output AS "expectedOutput", r.metadata, r.tags, r.valid_from AS "validFrom", r.valid_to AS "validTo",
  r.created_at AS "createdAt"`
