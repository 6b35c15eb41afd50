import type { List } from '../../keyset.ts'
import { evaluatorColumns, evaluatorTables } from './evaluator-row.ts'

/** The evaluators of a project by name, without deleted ones. */
export function listEvaluators(): List {
  return {
    select: evaluatorColumns,
    from: evaluatorTables,
    parent: { column: 'e.project_id', type: 'uuid' },
    where: () => ['e.deleted_at IS NULL'],
    keys: [
      { sql: 'e.name', type: 'text' },
      { sql: 'e.id', type: 'uuid' },
    ],
    descending: false,
  }
}
