import { InvalidInputError } from '../domain/errors.ts'

/** Select lists by their fields, table and what they leave out: making one takes as long as parsing some rows. */
const selectLists = new WeakMap<object, Map<string, string>>()

/**
 * The select list of a row with Prisma's field names, from one of its `…ScalarFieldEnum`s: `r.project_id AS
 * "projectId", …`.
 * @param without fields to leave out
 */
export function columns(table: string, fields: Record<string, string>, without: readonly string[] = []): string {
  const lists = selectLists.get(fields) ?? new Map<string, string>()
  const key = [table, ...without].join(' ')
  const list = lists.get(key) ?? selectList(table, fields, without)
  selectLists.set(fields, lists.set(key, list))
  return list
}

function selectList(table: string, fields: Record<string, string>, without: readonly string[]): string {
  return Object.values(fields)
    .filter((field) => !without.includes(field))
    .map((field) => `${table}.${snakeCase(field)} AS "${field}"`)
    .join(', ')
}

function snakeCase(field: string): string {
  return field.replace(/(?<=[a-z0-9])[A-Z]/g, '_$&').toLowerCase()
}

/** Maximum characters of a search text: the time of ILIKE is their number times that of the text it looks in. */
const maxSearch = 256

/**
 * An ILIKE pattern that matches the text anywhere, literally.
 * @param written the text as the column has it, if it is escaped there
 * @throws {InvalidInputError} when it is too long
 */
export function containing(text: string, written = text): string {
  if (text.length > maxSearch) {
    throw new InvalidInputError(`Expected a text of at most ${maxSearch} characters, got ${text.length}.`, [
      'filter',
      'search',
    ])
  }
  return `%${written.replace(/[\\%_]/g, '\\$&')}%`
}
