import type { Json } from '../../../domain/json/json.ts'

/** An item of a dataset as of some version. */
export interface DatasetItemRow {
  /** Logical id, the same in all versions; a decimal string. */
  id: string
  datasetId: string
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

export const datasetItemColumns = `i.id::text, i.dataset_id AS "datasetId", i.key, r.input,
  r.expected_output AS "expectedOutput", r.metadata, r.tags, r.valid_from AS "validFrom", r.valid_to AS "validTo",
  r.created_at AS "createdAt"`
