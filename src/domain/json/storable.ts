/** PostgreSQL stores neither U+0000 nor lone surrogates, in text as in jsonb. */

/** The part of a text that PostgreSQL would refuse; null if none. */
export function findUnstorable(text: string): 'the character U+0000' | 'a lone surrogate' | null {
  if (text.includes('\0')) return 'the character U+0000'
  return text.isWellFormed() ? null : 'a lone surrogate'
}

/** The text with U+FFFD in place of everything that PostgreSQL would refuse. */
export function replaceUnstorable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd')
}

// JSON.stringify escapes both kinds of characters that PostgreSQL refuses in jsonb.
const unstorableEscape = /(?<!\\)(?:\\\\)*(\\u0000|\\ud[89a-f][0-9a-f]{2})/

/** The escape, such as `\u0000`, that PostgreSQL would refuse in the output of `JSON.stringify`; null if none. */
export function findUnstorableEscape(json: string): string | null {
  return json.includes('\\u') ? (unstorableEscape.exec(json)?.[1] ?? null) : null
}
