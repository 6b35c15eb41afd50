/**
 * ZIP files: the rows in `items.jsonl` (or .json or .csv), beside them the files that rows refer to by their path,
 * `{"$file": "images/1.png"}`, and optionally `files.jsonl`, with the media types and names of these as
 * `{"path", "mediaType", "filename"}`: an export has it, and elsewhere the extension tells.
 *
 * A ZIP is spooled to disk, because its directory is at its end. Its files are stored before its rows: when the rows are
 * refused, nothing refers to the files, and they are deleted like all that are not used.
 */
import { randomUUID } from 'node:crypto'
import { basename, posix } from 'node:path'
import { crc32 } from 'node:zlib'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { mapReferences } from '../../domain/attachment/references.ts'
import { type InvalidInputError, LimitError, messageOf, UserError } from '../../domain/errors.ts'
import { excerptOf } from '../../domain/excerpt.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import type { Json } from '../../domain/json/json.ts'
import type { Scope } from '../../domain/scope.ts'
import { attachmentRawId } from '../attachments/load-attachment.ts'
import { storeAttachment } from '../attachments/store-attachment.ts'
import type { Services } from '../services.ts'
import { withTemporaryFile } from '../temporary-file.ts'
import { declaredFormat, type ImportFormat } from './import-format.ts'
import { ImportError } from './import-problems.ts'
import { type ItemContent, ItemProblem } from './item-content.ts'

export const zipLimits = { bytes: 4 * 1024 ** 3, files: 100_000 }
const maxManifestBytes = 32 * 1024 * 1024

export const manifestName = 'files.jsonl'

interface ZipInput {
  source: AsyncIterable<Uint8Array>
  onProgress?: (rows: number, bytes: number) => void
  signal?: AbortSignal
}

interface ZippedRows {
  source: AsyncIterable<Uint8Array>
  format: ImportFormat | null
  /** Not the bytes that arrive: all have arrived. */
  onProgress?: (rows: number, bytes: number) => void
}

/** Whether a source is a ZIP, by its first bytes, and the whole source. */
export async function lookAhead(
  source: AsyncIterable<Uint8Array>,
): Promise<{ isZip: boolean; source: AsyncIterable<Uint8Array> }> {
  const chunks = source[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  while (head.length < 4) {
    const { done, value } = await chunks.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  async function* whole() {
    try {
      if (head.length > 0) yield head
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
    } finally {
      await chunks.return?.()
    }
  }
  return { isZip: head.subarray(0, 4).equals(Buffer.from('PK\u0003\u0004')), source: whole() }
}

/**
 * Stores the files of a ZIP and calls `use` with its rows and the ids of the files by their paths.
 * @throws {ImportError} what is in the ZIP cannot be imported; {LimitError} it is too large; as `storeAttachment`
 */
export async function withZip<T>(
  services: Services,
  scope: Scope,
  { source, onProgress, signal }: ZipInput,
  use: (rows: ZippedRows, files: ReadonlyMap<string, string>) => Promise<T>,
): Promise<T> {
  return opened({ source, onProgress }, async ({ zip, bytes, rows, files }) => {
    const details = await readManifest(zip, files.get(manifestName))
    const ids = new Map<string, string>()
    for (const [path, entry] of files) {
      if (path === manifestName) continue
      const { mediaType = null, filename = basename(entry.fileName) } = details.get(path) ?? {}
      const content = contentOf(zip, entry)
      const stored = await storeAttachment(services, scope, { source: content, mediaType, filename, signal }).catch(
        (error: unknown) => {
          throw error instanceof UserError && !(error instanceof ImportError) && error.path !== null
            ? problem(entry.fileName, 'a file that can be stored', error.message)
            : error
        },
      )
      ids.set(path, encodeGlobalId('Attachment', stored.id))
    }
    const progress = onProgress && ((read: number) => onProgress(read, bytes))
    return use({ source: contentOf(zip, rows), format: formatOf(rows), onProgress: progress }, ids)
  })
}

/**
 * The same without storing anything: the ids are of no file.
 * @throws {ImportError} what is in the ZIP cannot be imported; {LimitError} it is too large
 */
export async function previewZip<T>(
  source: AsyncIterable<Uint8Array>,
  use: (rows: ZippedRows, files: ReadonlyMap<string, string>) => Promise<T>,
): Promise<T> {
  return opened({ source }, async ({ zip, rows, files }) => {
    const ids = new Map([...files.keys()].map((path) => [path, encodeGlobalId('Attachment', randomUUID())]))
    return use({ source: contentOf(zip, rows), format: formatOf(rows) }, ids)
  })
}

interface OpenZip {
  zip: ZipFile
  bytes: number
  rows: Entry
  /** All but the rows, by their paths from there. */
  files: ReadonlyMap<string, Entry>
}

async function opened<T>({ source, onProgress }: ZipInput, use: (zip: OpenZip) => Promise<T>): Promise<T> {
  return withTemporaryFile(async (file, path) => {
    let bytes = 0
    for await (const chunk of source) {
      bytes += chunk.length
      if (bytes > zipLimits.bytes) {
        throw new LimitError(`Expected a ZIP of at most ${zipLimits.bytes / 1024 ** 3} GB, got a larger one.`, ['file'])
      }
      await file.write(chunk)
      onProgress?.(0, bytes)
    }
    const zip = await openPromise(path, { autoClose: false }).catch((error: unknown) => {
      throw problem(null, 'a complete ZIP', messageOf(error))
    })
    try {
      const entries = await entriesOf(zip)
      const name = rowsEntry([...entries.keys()])
      const rows = entries.get(name) as Entry
      entries.delete(name)
      const folder = posix.dirname(name)
      const files = new Map([...entries].map(([path, entry]) => [posix.relative(folder, path), entry]))
      return await use({ zip, bytes, rows, files })
    } finally {
      zip.close()
    }
  })
}

function formatOf({ fileName }: Entry): ImportFormat | null {
  return declaredFormat({ name: fileName })
}

/** The files in a ZIP by their paths, without those that operating systems add. */
async function entriesOf(zip: ZipFile): Promise<Map<string, Entry>> {
  if (zip.entryCount > zipLimits.files) {
    throw problem(null, `a ZIP of at most ${zipLimits.files.toLocaleString('en')} files`, String(zip.entryCount))
  }
  const entries = new Map<string, Entry>()
  try {
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName
      const isNoise = name.endsWith('/') || name.startsWith('__MACOSX/') || /(^|\/)(\.DS_Store|Thumbs\.db)$/.test(name)
      if (!isNoise) entries.set(name, entry)
    }
  } catch (error) {
    throw problem(null, 'a ZIP that can be read', messageOf(error))
  }
  return entries
}

/** The path of the file with the rows: that nearest to the root, if it is alone there or called items. */
function rowsEntry(names: readonly string[]): string {
  if (names.includes('[Content_Types].xml'))
    throw problem(null, 'a text file or a ZIP of one', 'a spreadsheet: save it as CSV first')
  const candidates = names.filter(
    (name) => /\.(jsonl|ndjson|json|csv|tsv)$/i.test(name) && basename(name) !== manifestName,
  )
  const depth = (name: string) => name.split('/').length
  const nearest = Math.min(...candidates.map(depth))
  const there = candidates.filter((name) => depth(name) === nearest)
  const called = there.filter((name) => /^items\./i.test(basename(name)))
  const [only, ...others] = called.length > 0 ? called : there
  if (only !== undefined && others.length === 0) return only
  const got = there.length === 0 ? 'none' : there.slice(0, 5).join(', ')
  throw problem(null, 'one file of rows in the ZIP, called items.jsonl (or .json or .csv)', got)
}

interface FileDetails {
  mediaType?: string
  filename?: string | null
}

async function readManifest(zip: ZipFile, entry: Entry | undefined): Promise<Map<string, FileDetails>> {
  const details = new Map<string, FileDetails>()
  if (!entry) return details
  if (entry.uncompressedSize > maxManifestBytes) {
    throw problem(manifestName, `at most ${maxManifestBytes / 1024 / 1024} MB`, `${entry.uncompressedSize} bytes`)
  }
  // What is larger than it says fails while it is read.
  const text = Buffer.concat(await Array.fromAsync(contentOf(zip, entry))).toString()
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') continue
    const { path, mediaType, filename } = manifestLine(line)
    details.set(path, {
      ...(typeof mediaType === 'string' && { mediaType }),
      ...((typeof filename === 'string' || filename === null) && { filename }),
    })
  }
  return details
}

function manifestLine(line: string): { path: string; mediaType?: Json; filename?: Json } {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && 'path' in value && typeof value.path === 'string') {
      return value as { path: string }
    }
  } catch {
    // The error below says what was expected.
  }
  throw problem(manifestName, 'lines of {"path", "mediaType", "filename"}', excerptOf(line))
}

/** @throws {ImportError} while it is read: it is encrypted, damaged, or not what the directory of the ZIP says */
async function* contentOf(zip: ZipFile, entry: Entry): AsyncGenerator<Buffer> {
  let checksum = 0
  try {
    for await (const chunk of await zip.openReadStreamPromise(entry)) {
      checksum = crc32(chunk, checksum)
      yield chunk
    }
  } catch (error) {
    throw problem(entry.fileName, 'a file in the ZIP that can be read', messageOf(error))
  }
  // The library leaves this to its users.
  if (checksum !== entry.crc32) throw problem(entry.fileName, 'a file in the ZIP with its checksum', 'a damaged one')
}

/** The content with ids in place of the paths of files. @throws {ItemProblem} a reference that is neither */
export function withFileIds<T extends ItemContent>(content: T, files: ReadonlyMap<string, string>): T {
  const resolve = (field: string, value: Json): Json =>
    mapReferences(value, (reference) => {
      const id = files.get(posix.normalize(reference.replaceAll('\\', '/')))
      if (id !== undefined) return { $file: id }
      if (attachmentRawId(reference) !== null) return { $file: reference }
      const expected = 'the path of a file in the ZIP, or the id of an attachment, as $file'
      throw new ItemProblem(field, expected, `{"$file": ${excerptOf(reference)}}`)
    })
  const { input, expectedOutput = null, metadata = null } = content
  return {
    ...content,
    input: resolve('input', input),
    expectedOutput: resolve('expectedOutput', expectedOutput),
    metadata: resolve('metadata', metadata),
  }
}

function problem(column: string | null, expected: string, got: string): InvalidInputError {
  return new ImportError([{ line: null, column, expected, got }], 1)
}
