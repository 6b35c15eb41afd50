/**
 * What assay.config.ts says of its evaluators reaches those of the projects: whoever changes the file changes no evaluator by
 * hand. What somebody has decided otherwise, by deleting or renaming one, stays decided.
 */
import { isDeepStrictEqual } from 'node:util'
import { messageOf, UserError } from '../domain/errors.ts'
import type { EvaluatorSpec } from '../domain/evaluation.ts'
import type { RegisteredFunction, RegisteredFunctions } from '../domain/execution/functions.ts'
import { encodeGlobalId } from '../domain/global-id.ts'
import type { Scope } from '../domain/scope.ts'
import { declaredRules } from '../evaluators/registry.ts'
import { type CurrentEvaluator, createEvaluator, updateEvaluator } from './evaluators.ts'
import { rulesOf } from './score-configs.ts'
import type { Services } from './services.ts'

/**
 * In every project, creates the evaluators that the functions declare active, unless there has been one of that name or
 * function, and gives those that exist the rules that their functions declare now, as a new version. What contradicts
 * anything is logged and left as it is.
 * @param functions what a worker has announced
 */
export async function applyDeclarations(services: Services, functions: RegisteredFunctions): Promise<void> {
  if (functions.evaluators.size === 0) return
  const { prisma } = services.db
  const person = await prisma.person.findFirst({ where: { projectId: null }, orderBy: { createdAt: 'asc' } })
  if (!person) return
  for (const { id: projectId } of await prisma.project.findMany({ select: { id: true } })) {
    const scope: Scope = { projectId, role: 'ADMIN', person, installation: true }
    const evaluators = await prisma.evaluator.findMany({ where: { projectId }, include: { current: true } })
    for (const declared of functions.evaluators.values()) {
      if (evaluators.some((evaluator) => isOf(evaluator, declared))) continue
      await logged(services, declared.name, () => create(services, scope, declared))
    }
    for (const evaluator of evaluators) {
      if (evaluator.deletedAt !== null || !isOutdated(evaluator, functions)) continue
      await logged(services, evaluator.name, () => update(services, scope, evaluator))
    }
  }
}

/** Whether somebody has had an evaluator in place of the one that is declared. */
function isOf({ name, current }: CurrentEvaluator, declared: RegisteredFunction): boolean {
  const { kind, module } = current.definition as unknown as { kind: string; module?: string }
  return name === declared.name || (kind === 'module' && module === declared.name)
}

async function create(services: Services, scope: Scope, { name, description, active }: RegisteredFunction) {
  if (active === undefined) return
  const datasetIds = active === true ? null : await datasetsNamed(services, scope, active)
  if (datasetIds?.length === 0) return
  const definition = { kind: 'module', module: name }
  const { id } = await createEvaluator(services, scope, { name, description, definition, datasetIds })
  services.log.info({ evaluatorId: encodeGlobalId('Evaluator', id), name }, 'evaluator: created as the config declares')
}

async function datasetsNamed({ db: { prisma } }: Services, { projectId }: Scope, names: readonly string[]) {
  const found = await prisma.dataset.findMany({ where: { projectId, name: { in: [...names] } }, select: { id: true } })
  return found.map(({ id }) => id)
}

/** Whether its function declares other rules than its current version has. */
function isOutdated({ current }: CurrentEvaluator, functions: RegisteredFunctions): boolean {
  const definition = current.definition as unknown as EvaluatorSpec
  if (definition.kind !== 'module') return false
  const rules = rulesOf(current)
  const declared = declaredRules(definition, functions)
  return Object.entries(declared).some(([member, value]) => !isDeepStrictEqual(Reflect.get(rules, member), value))
}

async function update(services: Services, scope: Scope, { id, name, current }: CurrentEvaluator) {
  const { version } = await updateEvaluator(services, scope, { id, definition: current.definition })
  const fields = { evaluatorId: encodeGlobalId('Evaluator', id), name, version }
  services.log.info(fields, 'evaluator: changed as the config declares')
}

async function logged({ log }: Services, name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    log.warn({ name, reason: messageOf(error) }, 'evaluator: what the config declares does not fit what there is')
  }
}
