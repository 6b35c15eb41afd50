import { loadOutputOf } from '../db/sql/agreement/load-output-of.ts'
import type { PinnedEvaluator } from '../db/sql/evaluator/pin-evaluators.ts'
import type { Evaluate } from '../domain/evaluation.ts'
import type { LogIds } from '../domain/execution/functions.ts'
import { parseGlobalId } from '../domain/global-id.ts'
import { createEvaluator } from '../evaluators/registry.ts'
import { openProvider } from './providers/open-provider.ts'
import type { Services } from './services.ts'

export type ProjectEvaluator = Pick<PinnedEvaluator, 'definition' | 'name' | 'prices'>

/**
 * An evaluator with the providers of a project.
 * @throws {InvalidInputError} a definition that `parseEvaluatorSpec` would refuse
 */
export function createProjectEvaluator(
  services: Services,
  projectId: string,
  { definition, name, prices }: ProjectEvaluator,
): Evaluate {
  const connect = (provider: string) => openProvider(services, projectId, provider)
  const outputOf = async (otherId: string, ids: LogIds = {}) => {
    const execution = executionIn(ids)
    return execution && loadOutputOf(services.db.pool, execution, otherId)
  }
  return createEvaluator(definition, name, services.functions, { http: services.http, connect, prices, outputOf })
}

/** The execution that a call is about, by the fields of its log; null for a call without one, such as a preview. */
export function executionIn({ runItemId }: LogIds): { runId: string; ordinal: number } | null {
  const [runId, ordinal] = (runItemId === undefined ? null : parseGlobalId(String(runItemId)))?.id.split(':') ?? []
  return runId === undefined || ordinal === undefined ? null : { runId, ordinal: Number(ordinal) }
}
