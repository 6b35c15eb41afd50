import type { Problems } from './import-problems.ts'
import { maxRowLength, parseRow, type SourceRow, tooLarge } from './source-row.ts'

/** Rows of JSON Lines: one object per line, without blank lines. Reading continues after an invalid line. */
export async function* jsonlRows(text: AsyncIterable<string>, problems: Problems): AsyncGenerator<SourceRow> {
  let number = 0
  for await (const line of lines(text)) {
    number += 1
    if (line.length > maxRowLength) {
      problems.add(tooLarge(number))
      continue
    }
    if (line.trim() === '') continue
    const row = parseRow(line, number, 1, problems)
    if (row) yield row
  }
}

/** Lines without line endings. A line longer than `maxRowLength` is truncated just beyond that. */
async function* lines(text: AsyncIterable<string>): AsyncGenerator<string> {
  let begun: string[] = []
  let length = 0
  const finish = (end: string) => {
    const line = begun.length > 0 ? begun.join('') + end : end
    begun = []
    length = 0
    return line.endsWith('\r') ? line.slice(0, -1) : line
  }
  for await (const chunk of text) {
    let start = 0
    for (let newline = chunk.indexOf('\n'); newline !== -1; newline = chunk.indexOf('\n', start)) {
      yield finish(chunk.slice(start, newline))
      start = newline + 1
    }
    if (length <= maxRowLength) begun.push(chunk.slice(start))
    length += chunk.length - start
  }
  if (length > 0) yield finish('')
}
