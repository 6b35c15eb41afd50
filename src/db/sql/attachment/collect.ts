import type { Queryable } from '../../client.ts'

/**
 * Deletes files that no item refers to and that were not uploaded within these hours, and contents without a file; at
 * most `limit` of each. One that begins to be used meanwhile makes the statement fail by its foreign key, and is found in
 * use the next time.
 * @returns how many were deleted
 */
export async function deleteUnusedAttachments(db: Queryable, hours: number, limit: number): Promise<number> {
  const files = await db.query(
    `DELETE FROM attachment WHERE id IN (
       SELECT a.id FROM attachment a
       WHERE a.uploaded_at < now() - make_interval(hours => $1)
         AND NOT EXISTS (SELECT FROM dataset_item_attachment u WHERE u.attachment_id = a.id)
       LIMIT $2)`,
    [hours, limit],
  )
  const contents = await db.query(
    `DELETE FROM attachment_content WHERE id IN (
       SELECT c.id FROM attachment_content c
       WHERE c.created_at < now() - make_interval(hours => $1)
         AND NOT EXISTS (SELECT FROM attachment a WHERE a.content_id = c.id)
       LIMIT $2)`,
    [hours, limit],
  )
  return (files.rowCount ?? 0) + (contents.rowCount ?? 0)
}
