import { columns } from '../../columns.ts'
import { type Evaluator, type EvaluatorVersion, Prisma } from '../../generated/prisma/client.ts'
import type { List } from '../../keyset.ts'

/** The current definition of an evaluator. */
export type CurrentVersion = Pick<EvaluatorVersion, 'definition' | 'dataType' | 'direction' | 'sampling'>

export type ListedEvaluator = Evaluator & { current: CurrentVersion }

/** The evaluators of a project by name, without deleted ones. */
export function listEvaluators(): List {
  return {
    select: `${columns('e', Prisma.EvaluatorScalarFieldEnum)}, jsonb_build_object(
      'definition', v.definition, 'dataType', v.data_type, 'direction', v.direction, 'sampling', v.sampling) AS current`,
    from: 'evaluator e JOIN evaluator_version v ON v.evaluator_id = e.id AND v.version = e.version',
    parent: { column: 'e.project_id', type: 'uuid' },
    where: () => ['e.deleted_at IS NULL'],
    keys: [
      { sql: 'e.name', type: 'text' },
      { sql: 'e.id', type: 'uuid' },
    ],
    descending: false,
  }
}
