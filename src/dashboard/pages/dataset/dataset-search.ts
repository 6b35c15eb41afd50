/** The state of a dataset's page, as its address has it. What is no such state is ignored. */
import { z } from 'zod'
import type { DatasetItemFilter } from '../../gql/graphql.ts'

const text = z.string().min(1).max(500)
const version = z.number().int().min(0)
const optional = <Type extends z.ZodType>(type: Type) => type.optional().catch(undefined)

export const datasetSearch = z.object({
  /** The version whose items are shown; default: the current one. */
  version: optional(version),
  /** The items that are in no current version, in place of those that are. */
  archived: optional(z.literal(true)),
  q: optional(z.string().min(1).max(256)),
  tags: optional(z.array(text).min(1)),
  /** What the metadata has. */
  metadata: optional(z.record(z.string(), z.unknown())),
  /** Id of the item that the drawer shows; `new`: an empty form. */
  item: optional(text),
  /** Ids of the columns that are not shown. */
  hide: optional(z.array(text).min(1).max(20)),
  density: optional(z.enum(['compact', 'roomy'])),
})

/** The versions that are compared; default: the current one with the one before. */
export const versionsSearch = z.object({ from: optional(version), to: optional(version) })

export type DatasetSearch = z.infer<typeof datasetSearch>

/** Undefined: all items. */
export function itemFilter({ q, tags, metadata }: DatasetSearch): DatasetItemFilter | undefined {
  const isNone = q === undefined && tags === undefined && metadata === undefined
  return isNone ? undefined : { search: q, tags, metadata }
}
