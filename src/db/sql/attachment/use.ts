/** The files that staged items refer to (table `dataset_staging` in dataset/staging.ts). */
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/**
 * The references of staged items to files that the project does not have, by line: at most `limit` of them, and their
 * total number. The files that there are cannot be deleted until the transaction ends.
 */
export async function findUnknownAttachments(
  client: Queryable,
  projectId: string,
  limit: number,
): Promise<{ total: number; unknown: { line: number; id: string }[] }> {
  await client.query(
    `SELECT FROM attachment
     WHERE project_id = $1
       AND id IN (SELECT unnest(attachments) FROM dataset_staging WHERE cardinality(attachments) > 0)
     FOR KEY SHARE`,
    [projectId],
  )
  const rows = await queryRows<{ line: number; id: string; total: number }>(
    client,
    `SELECT s.line, named.id, count(*) OVER ()::int AS total
     FROM dataset_staging s CROSS JOIN unnest(s.attachments) AS named (id)
     WHERE cardinality(s.attachments) > 0
       AND NOT EXISTS (SELECT FROM attachment a WHERE a.id = named.id AND a.project_id = $1)
     ORDER BY s.n
     LIMIT $2`,
    [projectId, limit],
  )
  return { total: rows[0]?.total ?? 0, unknown: rows.map(({ line, id }) => ({ line, id })) }
}

/** Keeps the files that the matched items refer to for as long as the items exist, in whatever revision. */
export async function insertAttachmentUses(client: Queryable): Promise<void> {
  await client.query(
    `INSERT INTO dataset_item_attachment (item_id, attachment_id)
     SELECT m.item_id, unnest(s.attachments)
     FROM dataset_match m JOIN dataset_staging s USING (n)
     WHERE cardinality(s.attachments) > 0
     ON CONFLICT DO NOTHING`,
  )
}
