import { columnList } from './column-list.ts'
import type { Problems } from './import-problems.ts'
import { maxRowLength, type SourceRow, tooLarge } from './source-row.ts'

/**
 * Rows of CSV as in RFC 4180, with a header: lines end with LF, CRLF or CR, and a quoted cell may contain line breaks
 * and doubled quotes. More lenient than the RFC: spaces before an opening quote are ignored, and a quote inside an
 * unquoted cell is taken literally. Lines without anything but delimiters and spaces are skipped; a row with more or fewer cells than the header is a problem. All cells are strings.
 */
export async function* csvRows(
  text: AsyncIterable<string>,
  delimiter: string,
  problems: Problems,
): AsyncGenerator<SourceRow> {
  let columns: string[] | null = null
  for await (const { line, cells } of records(text, delimiter, problems)) {
    if (!columns) {
      columns = cells.map((cell, i) => cell.trim() || `column_${i + 1}`)
      const seen = new Set<string>()
      const twice = columns.find((name) => seen.size === seen.add(name).size)
      if (twice === undefined) continue
      problems.add({ line, column: twice, expected: 'every column name once', got: 'it twice' })
      return
    }
    if (cells.length !== columns.length) {
      const expected = `${columns.length} cells as in the header (${columnList(columns)})`
      problems.add({ line, column: null, expected, got: String(cells.length) })
      continue
    }
    yield { line, fields: Object.fromEntries(columns.map((name, i) => [name, cells[i] ?? ''])) }
  }
}

/** The delimiter of the header line: a tab if it has one, else the more frequent of comma and semicolon. */
export function delimiterOf(header: string): string {
  const unquoted = header.replace(/"[^"]*"?/g, '')
  if (unquoted.includes('\t')) return '\t'
  const count = (delimiter: string) => unquoted.split(delimiter).length
  return count(';') > count(',') ? ';' : ','
}

interface CsvRecord {
  line: number
  cells: string[]
}

async function* records(text: AsyncIterable<string>, delimiter: string, problems: Problems): AsyncGenerator<CsvRecord> {
  const reader = new RecordReader(delimiter, problems)
  for await (const chunk of text) yield* reader.push(chunk)
  yield* reader.end()
}

type State = 'cell start' | 'unquoted' | 'quoted' | 'after quote' | 'broken'

class RecordReader {
  readonly #delimiter: string
  readonly #problems: Problems
  #state: State = 'cell start'
  /** Position of the current character. */
  #line = 1
  #column = 0
  #afterCarriageReturn = false
  #record: CsvRecord = { line: 1, cells: [] }
  /** The part of the cell from earlier chunks, and before doubled quotes. */
  #cell = ''
  #quoted: { line: number; column: number } | null = null
  /** Characters of the record so far. */
  #size = 0

  constructor(delimiter: string, problems: Problems) {
    this.#delimiter = delimiter
    this.#problems = problems
  }

  *push(chunk: string): Generator<CsvRecord> {
    let start = 0
    for (let i = 0; i < chunk.length; i++) {
      const character = chunk[i] as string
      const secondOfPair = this.#afterCarriageReturn && character === '\n'
      this.#afterCarriageReturn = character === '\r'
      if (secondOfPair && this.#state !== 'quoted') {
        start = i + 1
        continue
      }
      this.#size += 1
      if (!secondOfPair) this.#column += 1
      const endsLine = character === '\n' || character === '\r'
      if (this.#state === 'quoted') {
        if (character === '"') {
          this.#keep(chunk.slice(start, i))
          this.#state = 'after quote'
        }
      } else if (this.#state === 'after quote' && character === '"') {
        start = i
        this.#state = 'quoted'
      } else if (this.#state === 'cell start' && character === '"') {
        start = i + 1
        this.#cell = ''
        this.#quoted = { line: this.#line, column: this.#column }
        this.#state = 'quoted'
      } else if (endsLine) {
        if (this.#state !== 'broken') yield* this.#endRecord(this.#state === 'after quote' ? '' : chunk.slice(start, i))
        else this.#reset()
        start = i + 1
      } else if (this.#state === 'broken') continue
      else if (character === this.#delimiter) {
        this.#endCell(this.#state === 'after quote' ? '' : chunk.slice(start, i))
        start = i + 1
      } else if (this.#state === 'after quote') {
        const expected = `${JSON.stringify(this.#delimiter)} or the end of the line after a closing quote`
        this.#problems.add({ line: this.#line, column: this.#column, expected, got: JSON.stringify(character) })
        this.#state = 'broken'
      } else if (this.#state !== 'cell start' || character !== ' ') this.#state = 'unquoted'

      if (endsLine && !secondOfPair) {
        this.#line += 1
        this.#column = 0
      }
      if (endsLine && this.#state !== 'quoted') this.#record.line = this.#line
    }
    if (this.#state !== 'after quote' && this.#state !== 'broken') this.#keep(chunk.slice(start))
  }

  *end(): Generator<CsvRecord> {
    if (this.#state === 'quoted' && this.#quoted) {
      const { line, column } = this.#quoted
      this.#problems.add({ line, column, expected: 'a closing quote for this one', got: 'the end of the file' })
    } else if (this.#state !== 'broken') yield* this.#endRecord('')
  }

  #keep(text: string): void {
    // Of a record that is too large, only the size matters.
    if (this.#size <= maxRowLength) this.#cell += text
  }

  #endCell(rest: string): void {
    this.#keep(rest)
    if (this.#size <= maxRowLength) this.#record.cells.push(this.#cell)
    this.#cell = ''
    this.#state = 'cell start'
  }

  *#endRecord(rest: string): Generator<CsvRecord> {
    this.#endCell(rest)
    const isBlank = this.#quoted === null && this.#record.cells.every((cell) => cell.trim() === '')
    if (this.#size > maxRowLength + 1) this.#problems.add(tooLarge(this.#record.line))
    else if (!isBlank) yield this.#record
    this.#reset()
  }

  #reset(): void {
    this.#record = { line: this.#line, cells: [] }
    this.#cell = ''
    this.#quoted = null
    this.#size = 0
    this.#state = 'cell start'
  }
}
