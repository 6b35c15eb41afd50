/**
 * Stores files. A file is spooled to disk while it arrives, so that a slow client holds no connection and no memory, and
 * is hashed on the way; then it is written in chunks, unless the project has its content already.
 */
import { createHash } from 'node:crypto'
import mime from 'mime'
import { transaction } from '../../db/client.ts'
import {
  type AttachmentRow,
  findOrInsertContent,
  insertChunk,
  upsertAttachment,
} from '../../db/sql/attachment/store.ts'
import { attachmentChunkBytes, maxAttachmentBytes } from '../../domain/attachment/limits.ts'
import { InvalidInputError, LimitError } from '../../domain/errors.ts'
import { excerptOf } from '../../domain/excerpt.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import { requireStorage } from '../projects/quotas.ts'
import type { Services } from '../services.ts'
import { withTemporaryFile } from '../temporary-file.ts'
import { TransferPlaces } from '../transfer-places.ts'

export interface StoreAttachmentInput {
  source: AsyncIterable<Uint8Array>
  /** Null or one that says nothing (application/octet-stream): that of the file's name. */
  mediaType: string | null
  filename: string | null
  /** Once it has aborted, nothing is stored any more: its reason is thrown. */
  signal?: AbortSignal
}

/**
 * Each has a file on disk and, for a moment, a connection. One project gets not all of them, so that its slow clients do
 * not keep the files of others out.
 */
const uploads = new TransferPlaces('uploads', { most: 16, mostOfProject: 12 })

/**
 * Stores a file; one that the project has already, with this name and media type, is returned as it is.
 * @throws {InvalidInputError} no content, a name or media type that cannot be one, or a media type that is not known
 * @throws {LimitError} more than 20 MB, too many uploads at once, or no storage left of the quota
 */
export async function storeAttachment(
  services: Services,
  scope: Scope,
  { source, signal, ...named }: StoreAttachmentInput,
): Promise<AttachmentRow> {
  requireWrite(scope)
  const filename = checkFilename(named.filename)
  const mediaType = checkMediaType(named.mediaType, filename)
  return uploads.within(services.db, scope.projectId, () =>
    spooled(source, async ({ bytes, sha256, chunks }) => {
      if (bytes === 0) throw new InvalidInputError('Expected a file as the body, got nothing.', ['file'])
      signal?.throwIfAborted()
      const { projectId } = scope
      return transaction(services.db.pool, async (client) => {
        await requireStorage(client, projectId, bytes)
        const content = await findOrInsertContent(client, { projectId, sha256, bytes })
        let n = 0
        if (content.isNew) for await (const chunk of chunks()) await insertChunk(client, content.id, n++, chunk)
        return upsertAttachment(client, { projectId, contentId: content.id, mediaType, filename })
      })
    }),
  )
}

interface Spooled {
  bytes: number
  sha256: Buffer
  /** From the beginning, each {@link attachmentChunkBytes} long except for the last one. */
  chunks: () => AsyncGenerator<Buffer>
}

/** Calls `use` with a copy on disk, which is deleted afterwards. @throws {LimitError} more than 20 MB */
function spooled<T>(source: AsyncIterable<Uint8Array>, use: (file: Spooled) => Promise<T>): Promise<T> {
  return withTemporaryFile(async (file) => {
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of source) {
      bytes += chunk.length
      if (bytes > maxAttachmentBytes) {
        throw new LimitError(`Expected a file of at most ${maxAttachmentBytes / 1024 / 1024} MB, got a larger one.`, [
          'file',
        ])
      }
      hash.update(chunk)
      await file.write(chunk)
    }
    async function* chunks() {
      for (let position = 0; position < bytes; position += attachmentChunkBytes) {
        const buffer = Buffer.alloc(Math.min(attachmentChunkBytes, bytes - position))
        await file.read(buffer, 0, buffer.length, position)
        yield buffer
      }
    }
    return use({ bytes, sha256: hash.digest(), chunks })
  })
}

/** The last part of a path, which some clients send. @throws {InvalidInputError} */
function checkFilename(filename: string | null): string | null {
  const name = filename?.split(/[/\\]/).at(-1)?.trim() ?? ''
  if (name === '') return null
  if (name.length > 200 || /\p{Cc}/u.test(name) || !name.isWellFormed()) {
    throw new InvalidInputError(
      `Expected a file name of at most 200 characters without control characters, got ${excerptOf(filename)}.`,
      ['filename'],
    )
  }
  return name
}

/** What clients send that were not told a type; curl the second one. */
const saysNothing = new Set(['application/octet-stream', 'application/x-www-form-urlencoded'])

/** Without parameters other than the charset. @throws {InvalidInputError} */
function checkMediaType(given: string | null, filename: string | null): string {
  const [type = '', ...parameters] = (given ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim())
  if (type === '' || saysNothing.has(type)) {
    const known = filename === null ? null : mime.getType(filename)
    if (known !== null) return known
    throw new InvalidInputError(
      `Expected a media type such as image/png as content-type, or a file name with a known extension, got ${excerptOf(given)} and ${excerptOf(filename)}.`,
      ['content-type'],
    )
  }
  if (!/^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/.test(type)) {
    throw new InvalidInputError(`Expected a media type such as image/png, got ${excerptOf(given)}.`, ['content-type'])
  }
  const charset = parameters.find((parameter) => /^charset=[\w-]+$/.test(parameter))
  return charset ? `${type}; ${charset}` : type
}
