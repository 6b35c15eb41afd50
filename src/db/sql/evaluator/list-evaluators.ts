import type { BuiltinEvaluatorType, EvaluatorSpec, ScoreDataType } from '../../../domain/evaluation.ts'
import { columns } from '../../columns.ts'
import { mentions } from '../../conditions.ts'
import { type Evaluator, type EvaluatorVersion, Prisma } from '../../generated/prisma/client.ts'
import type { Key, List, ListOrder } from '../../keyset.ts'

/** The current definition of an evaluator. */
export type CurrentVersion = Pick<
  EvaluatorVersion,
  'definition' | 'dataType' | 'direction' | 'sampling' | 'min' | 'max' | 'categories' | 'failurePolicy' | 'onlyIf'
>

export type ListedEvaluator = Evaluator & { current: CurrentVersion }

export interface EvaluatorFilter {
  /** Text anywhere in the name or the description, ignoring case. */
  search?: string | null
  active?: boolean | null
  /** A dataset that it may score: it is limited to this one among others, or not limited at all. */
  datasetId?: string | null
  kind?: EvaluatorSpec['kind'] | null
  /** Which builtin evaluator. */
  type?: BuiltinEvaluatorType | null
  dataType?: ScoreDataType | null
  /** Default: false. */
  includeDeleted?: boolean | null
}

type EvaluatorOrderField = 'NAME' | 'CREATED_AT' | 'UPDATED_AT'

const orderKeys: Record<EvaluatorOrderField, Key> = {
  NAME: { sql: 'e.name', type: 'text' },
  CREATED_AT: { sql: 'e.created_at', type: 'timestamptz' },
  UPDATED_AT: { sql: 'e.updated_at', type: 'timestamptz' },
}

/** The evaluators of a project. */
export function listEvaluators(filter: EvaluatorFilter, { field, descending }: ListOrder<EvaluatorOrderField>): List {
  const { search, active, datasetId, kind, type, dataType, includeDeleted } = filter
  return {
    select: `${columns('e', Prisma.EvaluatorScalarFieldEnum)}, jsonb_build_object(
      'definition', v.definition, 'dataType', v.data_type, 'direction', v.direction, 'sampling', v.sampling,
      'min', v.min, 'max', v.max, 'categories', v.categories, 'failurePolicy', v.failure_policy,
      'onlyIf', v.only_if) AS current`,
    from: 'evaluator e JOIN evaluator_version v ON v.evaluator_id = e.id AND v.version = e.version',
    parent: { column: 'e.project_id', type: 'uuid' },
    where: (parameter) => [
      ...(includeDeleted ? [] : ['e.deleted_at IS NULL']),
      ...mentions(['e.name', 'e.description'], search, parameter),
      ...(active == null ? [] : [`e.active = ${parameter(active)}::boolean`]),
      ...(datasetId
        ? [
            `EXISTS (SELECT FROM dataset d WHERE d.id = ${parameter(datasetId)} AND d.project_id = e.project_id)`,
            `(NOT EXISTS (SELECT FROM evaluator_dataset l WHERE l.evaluator_id = e.id) OR EXISTS (
               SELECT FROM evaluator_dataset l WHERE l.evaluator_id = e.id AND l.dataset_id = ${parameter(datasetId)}))`,
          ]
        : []),
      ...(kind ? [`v.definition ->> 'kind' = ${parameter(kind)}`] : []),
      ...(type ? [`v.definition ->> 'type' = ${parameter(type)}`] : []),
      ...(dataType ? [`v.data_type = ${parameter(dataType)}::"ScoreDataType"`] : []),
    ],
    keys: [orderKeys[field], { sql: 'e.id', type: 'uuid' }],
    descending,
  }
}
