/**
 * The select list of a whole row with Prisma's field names, from one of its `…ScalarFieldEnum`s: `r.project_id AS
 * "projectId", …`.
 */
export function columns(table: string, fields: Record<string, string>): string {
  return Object.values(fields)
    .map((field) => `${table}.${snakeCase(field)} AS "${field}"`)
    .join(', ')
}

function snakeCase(field: string): string {
  return field.replace(/(?<=[a-z0-9])[A-Z]/g, '_$&').toLowerCase()
}

/** An ILIKE pattern that matches the text anywhere, literally. */
export function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`
}
