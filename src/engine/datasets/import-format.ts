import { csvRows, delimiterOf } from './csv-rows.ts'
import type { Problems } from './import-problems.ts'
import { jsonRows } from './json-rows.ts'
import { jsonlRows } from './jsonl-rows.ts'
import type { SourceRow } from './source-row.ts'

export const importFormats = ['jsonl', 'json', 'csv'] as const
/** JSON Lines, one JSON array, or CSV with a header (comma, tab or semicolon). */
export type ImportFormat = (typeof importFormats)[number]

const extensions: Record<string, ImportFormat> = { jsonl: 'jsonl', ndjson: 'jsonl', csv: 'csv', tsv: 'csv' }
const mediaTypes: Record<string, ImportFormat> = {
  'application/jsonl': 'jsonl',
  'application/x-jsonlines': 'jsonl',
  'application/x-ndjson': 'jsonl',
  'application/ndjson': 'jsonl',
  'text/csv': 'csv',
  'text/tab-separated-values': 'csv',
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
 * The rows of a text in this format. If it is null, the format is detected: `[` is an array, `{` is JSON Lines,
 * anything else CSV.
 */
export async function* readRows(
  text: AsyncIterable<string>,
  format: ImportFormat | null,
  problems: Problems,
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
  const found = format ?? (start.startsWith('[') ? 'json' : start.startsWith('{') ? 'jsonl' : 'csv')
  const header = start.split(/[\r\n]/, 1)[0] ?? ''
  const rows =
    found === 'csv'
      ? csvRows(whole, delimiterOf(header), problems)
      : found === 'json'
        ? jsonRows(whole, problems)
        : jsonlRows(whole, problems)
  for await (const row of rows) yield { ...row, format: found }
}

async function* prepend(head: string, rest: AsyncIterator<string>): AsyncGenerator<string> {
  try {
    yield head
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}
