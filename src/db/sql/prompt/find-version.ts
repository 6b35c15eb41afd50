import type { Queryable } from '../../client.ts'
import { columns } from '../../columns.ts'
import { Prisma, type PromptVersion } from '../../generated/prisma/client.ts'
import { queryRows } from '../../query-rows.ts'

/** Which version of a prompt; with neither a number nor a label the newest. */
export interface VersionSelector {
  version: number | null
  label: string | null
}

/** A prompt and the version that is selected, if it has one. */
export interface FoundVersion {
  promptId: string
  name: string
  newest: number
  isArchived: boolean
  labels: string[]
  version: PromptVersion | null
}

/**
 * The version of a prompt, by the prompt's id or name. One statement, so that a label that moves meanwhile is in one place
 * or the other.
 */
export async function findPromptVersion(
  client: Queryable,
  projectId: string,
  prompt: { id: string } | { name: string },
  { version, label }: VersionSelector,
): Promise<FoundVersion | null> {
  const by = 'id' in prompt ? 'p.id = $2::uuid' : 'p.name = $2'
  const rows = await queryRows<PromptVersion & Omit<FoundVersion, 'version' | 'promptId'> & { ofPrompt: string }>(
    client,
    `SELECT p.id AS "ofPrompt", p.name, p.version AS newest, p.archived_at IS NOT NULL AS "isArchived",
            ARRAY(SELECT l.name FROM prompt_label l WHERE l.prompt_id = p.id ORDER BY l.name) AS labels,
            ${columns('v', Prisma.PromptVersionScalarFieldEnum)}
     FROM prompt p
     LEFT JOIN prompt_label l ON l.prompt_id = p.id AND l.name = $4
     LEFT JOIN prompt_version v ON v.prompt_id = p.id AND v.version = CASE
       WHEN $4::text IS NOT NULL THEN l.version ELSE COALESCE($3::int, p.version) END
     WHERE p.project_id = $1 AND ${by}`,
    [projectId, 'id' in prompt ? prompt.id : prompt.name, version, label],
  )
  const [found] = rows
  if (!found) return null
  const { ofPrompt, name, newest, isArchived, labels, ...row } = found
  return { promptId: ofPrompt, name, newest, isArchived, labels, version: row.id === null ? null : row }
}
