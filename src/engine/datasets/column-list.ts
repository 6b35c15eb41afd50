import { excerpt } from '../../domain/excerpt.ts'

/** Maximum columns that a message names. */
const maxListed = 20

/** The names of the columns of a row, for a message. */
export function columnList(names: readonly string[]): string {
  const listed = names.slice(0, maxListed).map((name) => excerpt(JSON.stringify(name), 60))
  const more = names.length - listed.length
  return `${listed.join(', ')}${more > 0 ? ` and ${more.toLocaleString('en')} more` : ''}`
}
