/** Storing a file, in the caller's transaction. */
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** What is known of a stored file. */
export interface AttachmentRow {
  id: string
  projectId: string
  contentId: string
  mediaType: string
  filename: string | null
  bytes: number
  sha256: Buffer
  createdAt: Date
}

export const attachmentColumns = `a.id, a.project_id AS "projectId", a.content_id AS "contentId",
  a.media_type AS "mediaType", a.filename, c.bytes, c.sha256, a.created_at AS "createdAt"`

/** The content with this hash, which the caller must write the chunks of if it is new; of two at once one waits. */
export async function findOrInsertContent(
  client: Queryable,
  content: { projectId: string; sha256: Buffer; bytes: number },
): Promise<{ id: string; isNew: boolean }> {
  const values = [content.projectId, content.sha256]
  const inserted = await queryRows<{ id: string }>(
    client,
    `INSERT INTO attachment_content (project_id, sha256, bytes) VALUES ($1, $2, $3)
     ON CONFLICT (project_id, sha256) DO NOTHING RETURNING id`,
    [...values, content.bytes],
  )
  if (inserted[0]) return { id: inserted[0].id, isNew: true }
  const found = await queryRows<{ id: string }>(
    client,
    'SELECT id FROM attachment_content WHERE project_id = $1 AND sha256 = $2 FOR KEY SHARE',
    values,
  )
  // None: it was deleted between the two statements.
  return found[0] ? { id: found[0].id, isNew: false } : findOrInsertContent(client, content)
}

export async function insertChunk(client: Queryable, contentId: string, n: number, data: Buffer): Promise<void> {
  await client.query('INSERT INTO attachment_chunk (content_id, n, data) VALUES ($1, $2, $3)', [contentId, n, data])
}

/** The file with this content, media type and name; one that exists counts as uploaded now. */
export async function upsertAttachment(
  client: Queryable,
  file: { projectId: string; contentId: string; mediaType: string; filename: string | null },
): Promise<AttachmentRow> {
  const rows = await queryRows<AttachmentRow>(
    client,
    `WITH a AS (
       INSERT INTO attachment (project_id, content_id, media_type, filename) VALUES ($1, $2, $3, $4)
       ON CONFLICT (project_id, content_id, media_type, filename) DO UPDATE SET uploaded_at = now()
       RETURNING *
     )
     SELECT ${attachmentColumns} FROM a JOIN attachment_content c ON c.id = a.content_id`,
    [file.projectId, file.contentId, file.mediaType, file.filename],
  )
  return rows[0] as AttachmentRow
}
