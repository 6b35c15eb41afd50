import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { type AttachmentRow, attachmentColumns } from './store.ts'

/** The files with these ids that belong to the project, in no particular order. */
export async function loadAttachments(
  db: Queryable,
  projectId: string,
  ids: readonly string[],
): Promise<AttachmentRow[]> {
  return queryRows<AttachmentRow>(
    db,
    `SELECT ${attachmentColumns} FROM attachment a JOIN attachment_content c ON c.id = a.content_id
     WHERE a.id = ANY ($1::uuid[]) AND a.project_id = $2`,
    [ids, projectId],
    'load-attachments',
  )
}

/** One chunk of a content; null when it has none with this number. */
export async function loadChunk(db: Queryable, contentId: string, n: number): Promise<Buffer | null> {
  const rows = await queryRows<{ data: Buffer }>(
    db,
    'SELECT data FROM attachment_chunk WHERE content_id = $1 AND n = $2',
    [contentId, n],
    'load-attachment-chunk',
  )
  return rows[0]?.data ?? null
}
