/** Maps the columns of a file to the parts of an item. */
import { InvalidInputError } from '../../domain/errors.ts'
import { excerpt, excerptOf } from '../../domain/excerpt.ts'
import { parseGlobalId } from '../../domain/global-id.ts'
import type { Json } from '../../domain/json/json.ts'
import { readJson } from '../../domain/json/read-json.ts'
import { type ItemContent, ItemProblem } from './item-content.ts'
import type { SourceRow } from './source-row.ts'

/**
 * Columns by name or by dotted path into a column (`input.question`); a column whose name contains the dots wins. For
 * `input`, `expected` and `metadata`, one column is the value itself, several make an object with the last parts of the
 * paths as keys. Missing parts default to the usual column names; an empty list means none.
 */
export interface ImportMapping {
  /** Default: `input`. */
  input?: readonly string[]
  /**
   * Default: the first of `expectedOutput`, `expected_output`, `expected`, `target`, `ideal`, `answer`, `reference` and
   * `output` that the first row with any of them has, for the whole file.
   */
  expected?: readonly string[]
  /**
   * At most one. Default: `key`, else `id` unless it names an item, chosen as that of `expected`. If set, every row must
   * have one.
   */
  key?: readonly string[]
  /** At most one: a list, or comma-separated text. Default: `tags`. */
  tags?: readonly string[]
  /** Default: all remaining columns, together with the members of a column `metadata`. */
  metadata?: readonly string[]
  /**
   * CSV columns whose cells are JSON. Other cells stay strings, except a JSON object or array in `metadata` or `tags`.
   */
  json?: readonly string[]
}

const usual = {
  input: ['input'],
  expected: ['expectedOutput', 'expected_output', 'expected', 'target', 'ideal', 'answer', 'reference', 'output'],
  key: ['key', 'id'],
  tags: ['tags'],
} as const

/** Names that columns with inputs often have: for a hint only, because other columns have them as well. */
const likelyInputs = ['question', 'prompt', 'query', 'text', 'instruction', 'problem', 'message', 'messages', 'inputs']

/** Columns that an answer lists at most. */
const maxListed = 200

export class ItemMapper {
  readonly #mapping: ImportMapping
  readonly #json: ReadonlySet<string>
  /** Columns of the mapping that no row has had yet. */
  readonly #unseen: Set<string>
  /** Of all rows so far. */
  readonly #columns = new Set<string>()
  /** The usual columns that this file has. */
  readonly #chosen: { expected?: string; key?: string } = {}
  #hasItemIds = false

  /** @throws {InvalidInputError} for an ambiguous mapping. */
  constructor(mapping: ImportMapping) {
    for (const field of ['key', 'tags'] as const) {
      const count = mapping[field]?.length ?? 0
      if (count > 1) throw new InvalidInputError(`Expected at most one column for ${field}, got ${count}.`, [field])
    }
    for (const field of ['input', 'expected', 'metadata'] as const) {
      const names = (mapping[field] ?? []).map(lastPart)
      const twice = names.find((name, i) => names.indexOf(name) !== i)
      if (twice !== undefined) {
        throw new InvalidInputError(`Expected columns with different names, got two named "${twice}".`, [field])
      }
    }
    if (mapping.input?.length === 0) throw new InvalidInputError('Expected a column for input, got none.', ['input'])
    this.#mapping = mapping
    this.#json = new Set(mapping.json)
    const { input = [], expected = [], key = [], tags = [], metadata = [], json = [] } = mapping
    this.#unseen = new Set([...input, ...expected, ...key, ...tags, ...metadata, ...json])
  }

  /** Columns of the mapping that no row had. */
  get unseen(): readonly string[] {
    return [...this.#unseen]
  }

  /** What the columns of the rows so far became: what is given, else what is usual; for `metadata` the others. */
  get mapping(): Required<ImportMapping> {
    const given = this.#mapping
    const columns = [...this.#columns].slice(0, maxListed)
    const there = (names: readonly string[]) => names.filter((name) => this.#columns.has(name)).slice(0, 1)
    const { expected: ownExpected, key: ownKey } = this.#chosen
    const input = given.input ?? there(usual.input)
    const expected = given.expected ?? (ownExpected === undefined ? there(usual.expected) : [ownExpected])
    const key = given.key ?? (ownKey === undefined ? there(this.#hasItemIds ? ['key'] : usual.key) : [ownKey])
    const tags = given.tags ?? there(usual.tags)
    const taken = new Set([...input, ...expected, ...key, ...tags, ...(this.#hasItemIds ? ['id'] : [])])
    return {
      ...{ input, expected, key, tags, json: given.json ?? [] },
      metadata: given.metadata ?? columns.filter((column) => !taken.has(column)),
    }
  }

  /** What to say where the usual column for inputs is missing; null if another one was named. */
  inputHint(row: SourceRow): string | null {
    if (this.#mapping.input) return null
    const likely = likelyInputs.find((name) => Object.hasOwn(row.fields, name))
    return `another column as the input: assay import --input ${likely ?? '<column>'}`
  }

  /** Required columns that this row, and thus every row of a CSV file, does not have. */
  absentFrom(row: SourceRow): string[] {
    const needed = new Set([...(this.#mapping.input ?? usual.input), ...this.#unseen])
    return [...needed].filter((path) => !find(row.fields, path))
  }

  /**
   * The content of a row, and the id of the item that it is about, if a column `id` has one (as exports do).
   * @throws {ItemProblem} naming the column.
   */
  toItem(row: SourceRow, isCsv: boolean): ItemContent & { itemId: string | null } {
    const itemId = this.#mapping.key?.[0] === 'id' ? null : itemIdOf(row.fields.id)
    if (itemId !== null) this.#hasItemIds = true
    // All rows of a CSV file have the same columns.
    if (!isCsv || this.#columns.size === 0) for (const name of Object.keys(row.fields)) this.#columns.add(name)
    const taken = new Set<string>(itemId === null ? [] : ['id'])
    const take = (path: string, asJson = false): Json | undefined => {
      const found = find(row.fields, path)
      if (!found) return undefined
      taken.add(found.column)
      this.#unseen.delete(path)
      return isCsv ? this.#cell(path, found.value as string, asJson) : found.value
    }
    const takeAll = (paths: readonly string[], asJson = false): Json | undefined => {
      if (paths.length === 1) return take(paths[0] as string, asJson)
      const parts = paths.map((path) => [lastPart(path), take(path, asJson)] as const)
      const present = parts.filter((part): part is [string, Json] => part[1] !== undefined)
      return present.length > 0 ? Object.fromEntries(present) : undefined
    }
    // An empty cell is how CSV represents a missing value.
    const isPresent = (value: Json | undefined) => value != null && !(isCsv && value === '')
    const takeUsual = (part: 'expected' | 'key', names: readonly string[]): Json | undefined => {
      const first = names.find((name) => Object.hasOwn(row.fields, name))
      const chosen = this.#chosen[part] ?? first
      if (first === undefined || chosen === undefined) return undefined
      this.#chosen[part] = chosen
      if (names.indexOf(first) < names.indexOf(chosen)) {
        const expected = `only "${chosen}", which rows before have, or the name of the column for "${part}"`
        throw new ItemProblem(first, expected, `"${first}" too`)
      }
      return take(chosen)
    }

    const mapping = this.#mapping
    const input = takeAll(mapping.input ?? usual.input)
    if (input === undefined) throw missing((mapping.input ?? usual.input).join(', '), row, this.inputHint(row))
    const expected = mapping.expected ? takeAll(mapping.expected) : takeUsual('expected', usual.expected)
    const key = mapping.key ? takeAll(mapping.key) : takeUsual('key', itemId === null ? usual.key : ['key'])
    if (mapping.key?.[0] !== undefined && !isPresent(key)) throw missing(mapping.key[0], row)
    const tags = takeAll(mapping.tags ?? usual.tags, true)
    const metadata = mapping.metadata
      ? takeAll(mapping.metadata, true)
      : withRest(
          take('metadata', true),
          Object.entries(row.fields).filter(([name]) => !taken.has(name)),
          isCsv,
        )
    return {
      itemId,
      key: isPresent(key) ? keyText(key as Json) : null,
      input,
      expectedOutput: isPresent(expected) ? expected : null,
      tags: isPresent(tags) ? tagList(tags as Json) : [],
      metadata: isPresent(metadata) ? metadata : null,
    }
  }

  #cell(path: string, text: string, asJson: boolean): Json {
    if (!this.#json.has(path) && !(asJson && /^\s*[{[]/.test(text))) return text
    this.#unseen.delete(path)
    if (text.trim() === '') return null
    try {
      return readJson(text)
    } catch {
      if (!this.#json.has(path)) return text
      throw new ItemProblem(path, 'JSON without rounded numbers', excerptOf(text))
    }
  }
}

/** The value at a path, and its column. */
function find(fields: SourceRow['fields'], path: string): { column: string; value: Json } | null {
  if (Object.hasOwn(fields, path)) return { column: path, value: fields[path] ?? null }
  const [column = '', ...rest] = path.split('.')
  let value: Json | undefined = Object.hasOwn(fields, column) ? fields[column] : undefined
  for (const part of rest) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return null
    value = (value as Record<string, Json>)[part]
  }
  return value === undefined ? null : { column, value }
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1)
}

function missing(column: string, row: SourceRow, hint: string | null = null): ItemProblem {
  const names = excerpt(Object.keys(row.fields).join(', '), 200)
  return new ItemProblem(
    column,
    `a value${hint === null ? '' : `, or ${hint}`}`,
    `none; the row has ${names || 'no columns'}`,
  )
}

/** The metadata column with all remaining columns; on a conflict, the metadata column wins. */
function withRest(own: Json | undefined, rest: [string, Json][], isCsv: boolean): Json | undefined {
  const others = rest.filter(([name]) => name !== 'metadata')
  if (others.length === 0) return own
  if (own == null || (isCsv && own === '')) return Object.fromEntries(others)
  if (typeof own === 'object' && !Array.isArray(own)) return Object.fromEntries([...others, ...Object.entries(own)])
  return Object.fromEntries([...others, ['metadata', own]])
}

/** The raw id in the global id of a dataset item; null for anything else. */
function itemIdOf(value: Json | undefined): string | null {
  const found = typeof value === 'string' ? parseGlobalId(value) : null
  return found?.type === 'DatasetItem' ? found.id : null
}

function keyText(value: Json): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  throw new ItemProblem('key', 'a string or a number', excerptOf(value))
}

function tagList(value: Json): string[] {
  if (typeof value === 'string') {
    const tags = value.split(',').map((tag) => tag.trim())
    return tags.filter((tag) => tag !== '')
  }
  if (Array.isArray(value) && value.every((tag) => typeof tag === 'string')) return value
  throw new ItemProblem('tags', 'a list of strings, or comma-separated text', excerptOf(value))
}
