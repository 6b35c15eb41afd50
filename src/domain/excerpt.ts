import { storableText } from './to-json.ts'

/** The beginning of a text on one line, fit for a message. @param length characters at most, besides the mark that it was cut */
export function excerpt(text: string, length = 200): string {
  const line = storableText(text).replaceAll(/\s+/g, ' ').trim()
  return line.length > length ? `${line.slice(0, length).toWellFormed()}…` : line
}
