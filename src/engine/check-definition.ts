import { NotFoundError } from '../domain/errors.ts'
import type { EvaluatorSpec } from '../domain/evaluation.ts'
import { encodeGlobalId } from '../domain/global-id.ts'
import type { Scope } from '../domain/scope.ts'
import { checkEvaluatorSpec } from '../evaluators/registry.ts'
import { requireProvider } from './providers/require-provider.ts'
import type { Services } from './services.ts'

/**
 * Checks what parsing leaves out: what takes long, and what the project must have.
 * @throws {InvalidInputError} @throws {NotFoundError} no such provider or run
 */
export async function checkDefinition(
  { db }: Pick<Services, 'db'>,
  { projectId }: Scope,
  definition: EvaluatorSpec,
): Promise<void> {
  await checkEvaluatorSpec(definition, projectId)
  if (!callsModel(definition)) return
  await requireProvider(db.pool, projectId, definition.provider, ['definition', definition.kind, 'provider'])
  if (definition.kind !== 'pairwise') return
  if ((await db.prisma.run.count({ where: { id: definition.baselineId, projectId } })) > 0) return
  const id = encodeGlobalId('Run', definition.baselineId)
  throw new NotFoundError(`There is no run ${id} in this project.`, ['definition', 'pairwise', 'baselineId'])
}

/** Whether it calls a model of a provider. */
export function callsModel(definition: EvaluatorSpec): definition is Extract<EvaluatorSpec, { provider: string }> {
  return 'provider' in definition
}
