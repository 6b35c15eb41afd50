/**
 * A backup: a ZIP with the rows of every table as PostgreSQL writes them for COPY, all of one moment, and a manifest that says
 * which schema they are of. The queue is not in it: workers make it again from the runs.
 */
import * as z from 'zod'

export const manifestName = 'manifest.json'

export function entryOf(table: string): string {
  return `tables/${table}.copy`
}

const table = z.object({
  name: z.string(),
  columns: z.array(z.string()),
  rows: z.number().int(),
  /** Of the entry, in hexadecimal. */
  sha256: z.string(),
})

export const manifestSchema = z.object({
  format: z.literal(1),
  /** The version of Assay that wrote it. */
  assay: z.string(),
  createdAt: z.string(),
  /** Those that were applied. */
  migrations: z.array(z.string()),
  tables: z.array(table),
  sequences: z.array(z.object({ name: z.string(), value: z.string() })),
  /** Fingerprint of the key that stored keys of providers are encrypted with; null: there are none. */
  secretKey: z.string().nullable(),
})

export type BackupManifest = z.output<typeof manifestSchema>

/** A backup cannot be made or used; the message says what to do. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}
