import { findJsonError } from '../../domain/json/json-error.ts'
import type { Problems } from './import-problems.ts'
import { maxRowLength, parseRow, type SourceRow, tooLarge } from './source-row.ts'

/**
 * Rows of a JSON array of objects of any length. Only brackets, quotes and commas are scanned, to split the array into
 * its elements; each is parsed on its own, so that reading continues after an invalid element.
 */
export async function* jsonRows(text: AsyncIterable<string>, problems: Problems): AsyncGenerator<SourceRow> {
  const cutter = new ArrayCutter(problems)
  for await (const chunk of text) {
    for (const { text, line, column } of cutter.push(chunk)) {
      const row = parseRow(text, line, column, problems)
      if (row) yield row
    }
    if (cutter.hopeless) return
  }
  for (const { text, line, column } of cutter.end()) parseRow(text, line, column, problems)
}

interface Element {
  text: string
  line: number
  column: number
}

type State = 'before array' | 'before first' | 'before element' | 'in element' | 'after array'

class ArrayCutter {
  readonly #problems: Problems
  #state: State = 'before array'
  #depth = 0
  #inString = false
  #escaped = false
  #line = 1
  #column = 0
  /** The current element; its text is the part from earlier chunks. */
  #element: Element = { text: '', line: 1, column: 1 }
  #isTooLarge = false
  /** The input cannot be an array, so that there is no point in reading on. */
  hopeless = false

  constructor(problems: Problems) {
    this.#problems = problems
  }

  *push(chunk: string): Generator<Element> {
    let start = 0
    for (let i = 0; i < chunk.length && !this.hopeless; i++) {
      const character = chunk[i] as string
      if (character === '\n') {
        this.#line += 1
        this.#column = 0
      } else this.#column += 1
      if (this.#state === 'in element') {
        if (!this.#ends(character)) continue
        yield* this.#finish(chunk.slice(start, i))
        this.#state = character === ',' ? 'before element' : 'after array'
      } else if (character > ' ' && this.#begins(character)) start = i
    }
    if (this.#state === 'in element') this.#keep(chunk.slice(start))
  }

  *end(): Generator<Element> {
    if (this.hopeless || this.#state === 'after array' || this.#state === 'before array') return
    if (this.#state === 'in element' && findJsonError(this.#element.text)) yield* this.#finish('')
    else this.#addProblem('"]" at the end of the array', 'the end of the file')
  }

  /** Whether this character, outside the brackets and quotes of an element, comes after it. */
  #ends(character: string): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false
      else if (character === '\\') this.#escaped = true
      // No string spans lines: a missing quote must not swallow the rest of the file.
      else if (character === '"' || character === '\n') this.#inString = false
      return false
    }
    if (character === '"') this.#inString = true
    else if (character === '{' || character === '[') this.#depth += 1
    else if (character === '}' || character === ']') {
      if (this.#depth === 0) return character === ']'
      this.#depth -= 1
    } else return character === ',' && this.#depth === 0
    return false
  }

  /** Whether an element begins with this character between elements. */
  #begins(character: string): boolean {
    if (this.#state === 'before array') {
      if (character !== '[') {
        this.#addProblem(
          '"[", the start of a JSON array of rows (for one object per line, use the format jsonl)',
          JSON.stringify(character),
        )
        this.hopeless = true
      }
      this.#state = 'before first'
    } else if (this.#state === 'after array') {
      this.#addProblem('nothing after the array', JSON.stringify(character))
      this.hopeless = true
    } else if (character === ',' || character === ']') {
      if (character === ',' || this.#state === 'before element')
        this.#addProblem('an object', JSON.stringify(character))
      if (character === ']') this.#state = 'after array'
    } else {
      this.#element = { text: '', line: this.#line, column: this.#column }
      this.#isTooLarge = false
      this.#depth = 0
      this.#inString = false
      this.#state = 'in element'
      return !this.#ends(character)
    }
    return false
  }

  #keep(text: string): void {
    if (this.#isTooLarge) return
    this.#element.text += text
    this.#isTooLarge = this.#element.text.length > maxRowLength
  }

  *#finish(text: string): Generator<Element> {
    this.#keep(text)
    const { line } = this.#element
    const error = this.#isTooLarge ? findJsonError(this.#element.text) : null
    // A truncated element ends too early; only an error before that end is an error in the file.
    if (this.#isTooLarge && (!error || error.offset >= this.#element.text.length)) this.#problems.add(tooLarge(line))
    else yield this.#element
  }

  #addProblem(expected: string, got: string): void {
    this.#problems.add({ line: this.#line, column: this.#column, expected, got })
  }
}
