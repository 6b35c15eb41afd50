import { loadOutputOf } from '../db/sql/agreement/load-output-of.ts'
import type { PinnedEvaluator } from '../db/sql/evaluator/pin-evaluators.ts'
import type { Evaluate } from '../domain/evaluation.ts'
import type { CallSubject } from '../domain/execution/call-subject.ts'
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
  const outputOf = async (otherId: string, subject?: CallSubject) => {
    const execution = executionOf(subject)
    return execution && loadOutputOf(services.db.pool, execution, otherId)
  }
  return createEvaluator(definition, name, services.functions, { http: services.http, connect, prices, outputOf })
}

/** The execution that a call is about; null for a call without one, such as a preview. */
export function executionOf(subject: CallSubject | undefined): { runId: string; ordinal: number } | null {
  if (!subject || 'preview' in subject || subject.ordinal === null) return null
  const { runId, ordinal } = subject
  return { runId, ordinal }
}
