import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** The configured range of a score; null for no bound. */
export interface ScoreBounds {
  min: number | null
  max: number | null
}

/** The bounds of all configured scores of a project, by name. */
export async function loadScoreBounds(db: Queryable, projectId: string): Promise<Map<string, ScoreBounds>> {
  const rows = await queryRows<ScoreBounds & { name: string }>(
    db,
    'SELECT name, min, max FROM score_config WHERE project_id = $1',
    [projectId],
  )
  return new Map(rows.map(({ name, ...bounds }) => [name, bounds]))
}
