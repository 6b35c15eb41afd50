import type { Direction, EvaluatorSpec, ScoreDataType } from '../../../domain/evaluation.ts'

/** An evaluator with its current version. */
export interface EvaluatorRow {
  id: string
  projectId: string
  name: string
  description: string | null
  version: number
  active: boolean
  createdAt: Date
  updatedAt: Date
  deletedAt: Date | null
  definition: EvaluatorSpec
  dataType: ScoreDataType
  direction: Direction
  sampling: number
}

export const evaluatorColumns = `e.id, e.project_id AS "projectId", e.name, e.description, e.version, e.active,
  e.created_at AS "createdAt", e.updated_at AS "updatedAt", e.deleted_at AS "deletedAt",
  v.definition, v.data_type AS "dataType", v.direction, v.sampling`

export const evaluatorTables = `evaluator e JOIN evaluator_version v ON v.evaluator_id = e.id AND v.version = e.version`
