import { hash } from 'node:crypto'
import type { EvaluatorSpec, ScoreDataType } from '../domain/evaluation.ts'
import { canonicalJson } from '../domain/json/canonical-json.ts'
import type { Json } from '../domain/json/json.ts'

/** Of everything that decides on the scores of a version: sha256, in hex. Versions with equal ones score alike. */
export function evaluatorHash(definition: EvaluatorSpec, dataType: ScoreDataType): string {
  return hash('sha256', canonicalJson({ definition, dataType } as unknown as Json))
}
