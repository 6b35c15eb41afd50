import type pg from 'pg'
import { type CopyStreamQuery, from } from 'pg-copy-streams'

/** One item to stage; JSON is given as text. */
export interface StagedItem {
  /** Where it stands in the file, from 1; several may stand on one line. */
  line: number
  /** The item that is meant, where the caller said so. */
  itemId: string | null
  key: string | null
  identity: string
  input: string
  expectedOutput: string | null
  metadata: string | null
  tags: readonly string[]
  digest: Buffer
}

/** A stream into the staging table, of lines made by `stagingLine`. COPY takes rows several times faster than INSERT. */
export function copyIntoStaging(client: pg.ClientBase): CopyStreamQuery {
  return client.query(
    from(
      `COPY dataset_staging (n, line, item_id, key, identity, input, expected_output, metadata, tags, digest) FROM STDIN`,
    ),
  )
}

/** A row in COPY's text format. @param n its number, the order in which new items get their ids */
export function stagingLine(item: StagedItem, n: number): string {
  const tags = `{${item.tags.map((tag) => `"${tag.replace(/["\\]/g, '\\$&')}"`).join(',')}}`
  return `${n}\t${item.line}\t${item.itemId ?? '\\N'}\t${field(item.key)}\t${field(item.identity)}\t${field(item.input)}\t${field(item.expectedOutput)}\t${field(item.metadata)}\t${field(tags)}\t\\\\x${item.digest.toString('hex')}\n`
}

const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

function field(text: string | null): string {
  return text === null ? '\\N' : text.replace(/[\\\t\n\r]/g, (character) => escapes[character] ?? character)
}
