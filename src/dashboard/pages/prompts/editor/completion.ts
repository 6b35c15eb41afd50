/** Completing a name between braces while it is typed. */

export interface OpenTag {
  /** Where its name begins in the text. */
  start: number
  /** What is typed of it so far. */
  typed: string
  /** What ends it. */
  closing: string
}

/** The tag that the caret is in, if it is still open. */
export function openTagAt(text: string, caret: number): OpenTag | null {
  const found = /(\{\{\{?)\s*[#^&/]?\s*([^{}\n]*)$/.exec(text.slice(0, caret))
  if (!found) return null
  const [, opening = '', typed = ''] = found
  return { start: caret - typed.length, typed, closing: '}'.repeat(opening.length) }
}

/** The text with the tag completed, and where the caret is then. */
export function complete(text: string, caret: number, tag: OpenTag, name: string): { text: string; caret: number } {
  const after = text.slice(caret)
  const rest = /^[^{}\n\s]*\s*(\}+)/.exec(after)
  const tail = rest ? after.slice(rest[0].length) : after
  const head = `${text.slice(0, tag.start)}${name}${tag.closing}`
  return { text: head + tail, caret: head.length }
}

/** The text with a whole tag in the place of what is selected. */
export function insertTag(text: string, from: number, to: number, name: string): { text: string; caret: number } {
  const head = `${text.slice(0, from)}{{${name}}}`
  return { text: head + text.slice(to), caret: head.length }
}
