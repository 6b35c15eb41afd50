import type { Queryable } from '../../db/client.ts'
import { loadAttachments, loadChunk } from '../../db/sql/attachment/load.ts'
import type { AttachmentRow } from '../../db/sql/attachment/store.ts'
import { attachmentChunkBytes } from '../../domain/attachment/limits.ts'
import { parseGlobalId } from '../../domain/global-id.ts'
import type { ProjectScope } from '../../domain/scope.ts'

/** The raw id in a reference to an attachment; null if it cannot be one. */
export function attachmentRawId(globalId: string): string | null {
  const parsed = parseGlobalId(globalId)
  return parsed?.type === 'Attachment' ? parsed.id : null
}

/** The attachment with this global id; null when the project has none. */
export async function findAttachment(
  db: Queryable,
  { projectId }: ProjectScope,
  globalId: string,
): Promise<AttachmentRow | null> {
  const id = attachmentRawId(globalId)
  const [found] = id === null ? [] : await loadAttachments(db, projectId, [id])
  return found ?? null
}

/** The bytes from `start` up to `end`, which does not belong to them, one chunk at a time. */
export async function* attachmentBytes(
  db: Queryable,
  { contentId, bytes }: Pick<AttachmentRow, 'contentId' | 'bytes'>,
  start = 0,
  end = bytes,
): AsyncGenerator<Buffer> {
  for (let position = start; position < end; ) {
    const n = Math.floor(position / attachmentChunkBytes)
    const from = n * attachmentChunkBytes
    const chunk = await loadChunk(db, contentId, n)
    if (!chunk) throw new Error('the attachment was deleted meanwhile')
    yield chunk.subarray(position - from, end - from)
    position = from + attachmentChunkBytes
  }
}

/** All bytes of an attachment, at most 20 MB. */
export async function wholeAttachment(db: Queryable, file: AttachmentRow): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(attachmentBytes(db, file)), file.bytes)
}
