/** The migrated database that test databases are copied from. */
export const TEMPLATE = 'assay_template'

/** `url` with another database of the same server. */
export function databaseUrl(url: string, database: string): string {
  const other = new URL(url)
  other.pathname = `/${database}`
  return other.href
}
