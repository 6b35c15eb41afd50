/** PostgreSQL stores neither U+0000 nor lone surrogates, in text as in jsonb. */

/** What PostgreSQL would refuse of a text; null for nothing. */
export function findUnstorable(text: string): 'the character U+0000' | 'a lone surrogate' | null {
  if (text.includes('\0')) return 'the character U+0000'
  return text.isWellFormed() ? null : 'a lone surrogate'
}

/** The text with U+FFFD in place of what PostgreSQL would refuse. */
export function replaceUnstorable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd')
}

// JSON.stringify escapes exactly these two kinds of what PostgreSQL refuses in jsonb.
const unstorableEscape = /(?<!\\)(?:\\\\)*(\\u0000|\\ud[89a-f][0-9a-f]{2})/

/** The escape, such as `\u0000`, of what PostgreSQL would refuse of a value that `JSON.stringify` wrote; null for nothing. */
export function findUnstorableEscape(json: string): string | null {
  return json.includes('\\u') ? (unstorableEscape.exec(json)?.[1] ?? null) : null
}
