/** The migrated database that test databases are copied from. */
export const templateName = 'assay_template'

/** `url` for another database on the same server. */
export function databaseUrl(url: string, database: string): string {
  const other = new URL(url)
  other.pathname = `/${database}`
  return other.href
}
