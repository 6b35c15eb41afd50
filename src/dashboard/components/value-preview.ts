/** JSON in one line, for the cells of a grid. */

const maxLength = 240

/** A text as it is; an object as `key: value, …`, sentences first, without braces and quotes; lists in brackets. */
export function previewOf(value: unknown): string {
  if (value === undefined || value === null) return value === null ? 'null' : ''
  return shorten(typeof value === 'string' ? value : textOf(value, 0)).replaceAll(/\s+/g, ' ')
}

function textOf(value: unknown, depth: number): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return String(value)
  if (depth > 2) return '…'
  if (Array.isArray(value))
    return `[${value
      .slice(0, 20)
      .map((part) => textOf(part, depth + 1))
      .join(', ')}]`
  // Sentences say more than the numbers beside them, and objects come in the order of the database.
  const entries = Object.entries(value)
    .toSorted(([, a], [, b]) => Number(isSentence(b)) - Number(isSentence(a)))
    .slice(0, 20)
    .map(([key, part]) => `${key}: ${textOf(part, depth + 1)}`)
  return depth === 0 ? entries.join(', ') : `{${entries.join(', ')}}`
}

function isSentence(value: unknown): boolean {
  return typeof value === 'string' && value.includes(' ')
}

function shorten(text: string): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
}
