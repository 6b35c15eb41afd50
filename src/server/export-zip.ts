/**
 * A dataset as a ZIP: `items.jsonl`, the files that its items refer to, and `files.jsonl`, which has their media types and
 * names. Items refer to a file by its path in the ZIP, so that it can be imported anywhere. Everything is streamed: of the
 * files, only what is in `files.jsonl` is in memory.
 */
import { Readable } from 'node:stream'
import mime from 'mime'
import { ZipFile } from 'yazl'
import type { Queryable } from '../db/client.ts'
import { loadAttachments } from '../db/sql/attachment/load.ts'
import type { AttachmentRow } from '../db/sql/attachment/store.ts'
import type { DatasetItemRevisionRow } from '../db/sql/dataset/revision-row.ts'
import { mapReferences, referencesIn } from '../domain/attachment/references.ts'
import type { Json } from '../domain/json/json.ts'
import { attachmentBytes, attachmentRawId } from '../engine/attachments/load-attachment.ts'
import { manifestName } from '../engine/datasets/zip.ts'

/** A file in the ZIP. */
interface ZippedFile extends Pick<AttachmentRow, 'contentId' | 'bytes' | 'mediaType' | 'filename'> {
  path: string
}

interface How {
  write: (items: AsyncGenerator<DatasetItemRevisionRow>) => AsyncIterable<Buffer>
  scoped: (content: AsyncGenerator<Buffer>) => AsyncIterable<Buffer>
}

/**
 * The bytes of the ZIP.
 * @param items the rows, in bounded memory
 * @param how.write the rows as the bytes of `items.jsonl`
 * @param how.scoped wraps what reads a file from the database
 */
export function zipOfItems(
  db: Queryable,
  projectId: string,
  items: AsyncIterable<DatasetItemRevisionRow>,
  { write, scoped }: How,
): Readable {
  const zip = new ZipFile()
  const files = new Map<string, ZippedFile>()
  const output = zip.outputStream as Readable
  const fail = (error: unknown) => output.destroy(error as Error)
  zip.on('error', fail)
  zip.addReadStreamLazy('items.jsonl', (callback) => {
    const rows = Readable.from(write(withPaths(db, projectId, items, files)), { objectMode: false })
    rows.once('error', fail)
    rows.once('end', () => {
      for (const file of files.values()) {
        zip.addReadStreamLazy(file.path, { compress: false, size: file.bytes }, (next) => {
          const content = Readable.from(scoped(attachmentBytes(db, file)), { objectMode: false })
          content.once('error', fail)
          next(null, content)
        })
      }
      if (files.size > 0) zip.addBuffer(Buffer.from(manifestOf(files)), manifestName)
      zip.end()
    })
    callback(null, rows)
  })
  return output
}

/** The rows with paths in place of ids. @param files gets every file that a row refers to, by its global id */
async function* withPaths(
  db: Queryable,
  projectId: string,
  items: AsyncIterable<DatasetItemRevisionRow>,
  files: Map<string, ZippedFile>,
): AsyncGenerator<DatasetItemRevisionRow> {
  for await (const item of items) {
    const { input, expectedOutput, metadata } = item
    const references = referencesIn([input, expectedOutput, metadata])
    const unknown = references.filter((reference) => !files.has(reference))
    const ids = unknown.map((reference) => attachmentRawId(reference)).filter((id) => id !== null)
    const rows = ids.length > 0 ? await loadAttachments(db, projectId, ids) : []
    for (const reference of unknown) {
      const row = rows.find(({ id }) => id === attachmentRawId(reference))
      if (row) files.set(reference, { ...row, path: `files/${row.id}/${nameOf(row)}` })
    }
    const withPath = (value: Json) =>
      mapReferences(value, (reference) => ({ $file: files.get(reference)?.path ?? reference }))
    yield references.length === 0
      ? item
      : {
          ...item,
          input: withPath(input),
          expectedOutput: withPath(expectedOutput),
          metadata: withPath(metadata),
        }
  }
}

/** A name that every file system takes; the exact one is in the manifest. */
function nameOf({ filename, mediaType }: AttachmentRow): string {
  const plain = filename?.replaceAll(/[^\p{L}\p{N} ._()-]+/gu, '-').replace(/^\.+/, '') ?? ''
  return plain === '' ? `file.${mime.getExtension(mediaType) ?? 'bin'}` : plain
}

function manifestOf(files: ReadonlyMap<string, ZippedFile>): string {
  const lines = [...files.values()].map(({ path, mediaType, filename }) =>
    JSON.stringify({ path, mediaType, filename }),
  )
  return `${lines.join('\n')}\n`
}
