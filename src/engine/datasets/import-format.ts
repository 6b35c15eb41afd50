import { csvRows, delimiterOf } from './csv-rows.ts'
import type { Problems } from './import-problems.ts'
import { jsonRows } from './json-rows.ts'
import { jsonlRows } from './jsonl-rows.ts'
import type { SourceRow } from './source-row.ts'

export const importFormats = ['jsonl', 'json', 'csv', 'tsv'] as const
/** JSON Lines, one JSON array, or CSV with a header (comma, tab or semicolon; `tsv`: always tab). */
export type ImportFormat = (typeof importFormats)[number]

const extensions: Record<string, ImportFormat> = { jsonl: 'jsonl', ndjson: 'jsonl', csv: 'csv', tsv: 'tsv', tab: 'tsv' }
const mediaTypes: Record<string, ImportFormat> = {
  'application/jsonl': 'jsonl',
  'application/x-jsonlines': 'jsonl',
  'application/x-ndjson': 'jsonl',
  'application/ndjson': 'jsonl',
  'text/csv': 'csv',
  'text/tab-separated-values': 'tsv',
}

/**
 * The format indicated by a file's name or media type; null when it depends on the content (`.json` is used for two
 * formats).
 */
export function declaredFormat(file: { name?: string | null; mediaType?: string | null }): ImportFormat | null {
  const extension = /\.([a-z]+)$/.exec(file.name?.toLowerCase() ?? '')?.[1] ?? ''
  const mediaType = file.mediaType?.split(';')[0]?.trim().toLowerCase() ?? ''
  return extensions[extension] ?? mediaTypes[mediaType] ?? null
}

/** Enough of the beginning of a file to contain any header. */
const maxHeadLength = 1024 * 1024

/**
 * The rows of a text in this format, those of `tsv` as of `csv`. If it is null, the format is detected: `[` is an array,
 * `{` is JSON Lines, anything else CSV. A text that begins as another format does is one problem.
 * @param delimiter of CSV; null: detect it
 */
export async function* readRows(
  text: AsyncIterable<string>,
  format: ImportFormat | null,
  problems: Problems,
  delimiter: string | null = null,
): AsyncGenerator<SourceRow & { format: ImportFormat }> {
  const chunks = text[Symbol.asyncIterator]()
  let head = ''
  while (head.length < maxHeadLength && !/[\r\n]/.test(head.trimStart())) {
    const { done, value } = await chunks.next()
    if (done) break
    head += value
  }
  const whole = prepend(head, chunks)
  const start = head.trimStart()
  const [header = ''] = start.split(/[\r\n]/, 1)
  const looksLike = xml.test(start) ? 'xml' : jsonArray.test(start) ? 'json' : jsonObject.test(start) ? 'jsonl' : 'csv'
  const given = format === 'tsv' ? 'csv' : format
  const found = given ?? (looksLike === 'xml' ? 'csv' : looksLike)
  if (looksLike === 'xml' || isOther(found, looksLike)) {
    const expected = given === null ? 'JSON Lines, a JSON array or CSV' : descriptions[found]
    problems.add({ line: 1, column: null, expected, got: `what looks like ${descriptions[looksLike]}` })
    return
  }
  const rows =
    found === 'csv'
      ? csvRows(whole, delimiter ?? (format === 'tsv' ? '\t' : delimiterOf(header)), problems)
      : found === 'json'
        ? jsonRows(whole, problems)
        : jsonlRows(whole, problems)
  for await (const row of rows) yield { ...row, format: found }
}

/** A bracket and what can follow it in JSON, as the header of a CSV file hardly has it. */
const jsonArray = /^\[\s*(?:[{}[\],"]|-?\d|$)/
const jsonObject = /^\{\s*(?:["}]|$)/
const xml = /^<(\?xml|!doctype|[a-z][\w:.-]*[\s/>])/i

const descriptions = {
  csv: 'CSV with a header',
  json: 'a JSON array',
  jsonl: 'JSON Lines',
  xml: 'XML or HTML, which cannot be imported: convert it first',
}

/** A pretty-printed object is one row of JSON Lines at most, and reading it says where that ends. */
function isOther(found: keyof typeof descriptions, looksLike: keyof typeof descriptions): boolean {
  return found === 'csv' ? looksLike !== 'csv' : found === 'jsonl' && looksLike === 'json'
}

async function* prepend(head: string, rest: AsyncIterator<string>): AsyncGenerator<string> {
  try {
    yield head
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}
