import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import type { Evaluator, EvaluatorVersion, Prisma } from '../db/generated/prisma/client.ts'
import { lockEvaluatorForChange } from '../db/sql/evaluator/lock-for-change.ts'
import { parseChanges } from '../domain/changes.ts'
import { InvalidInputError, NotFoundError } from '../domain/errors.ts'
import type { Direction, EvaluatorSpec, ScoreDataType } from '../domain/evaluation.ts'
import type { RegisteredFunctions } from '../domain/execution/functions.ts'
import { encodeGlobalId } from '../domain/global-id.ts'
import { name, optional, parseInput, text } from '../domain/parse-input.ts'
import { requireWrite, type Scope } from '../domain/scope.ts'
import { checkEvaluatorSpec, defaultsOf, parseEvaluatorSpec } from '../evaluators/registry.ts'
import { requireDatasets, withUniqueName } from './references.ts'
import type { Services } from './services.ts'
import { functionsFor } from './workers.ts'

/** An evaluator with its current version. */
export type CurrentEvaluator = Evaluator & { current: EvaluatorVersion }

export interface CreateEvaluatorInput {
  /** Unique among the project's evaluators; also the name of its score. */
  name: string
  description?: string | null
  /** An EvaluatorSpec; members that have a default are optional. */
  definition: unknown
  /** Default: the definition's. */
  dataType?: ScoreDataType | null
  /** Default: the definition's. */
  direction?: Direction | null
  /** Fraction of the items to score, above 0 up to 1; default 1. */
  sampling?: number | null
  /** Whether it scores new runs whose experiment names no evaluators; default true. */
  active?: boolean | null
  /** The datasets it is limited to; empty means all. */
  datasetIds?: readonly string[] | null
}

/** Undefined leaves a member as it is; null clears `description` and `datasetIds`. */
export type UpdateEvaluatorInput = Partial<Omit<CreateEvaluatorInput, 'name'>> & { id: string; name?: string | null }

/**
 * Creates an evaluator, at version 1.
 * @throws {InvalidInputError} an invalid name, definition or option
 * @throws {NotFoundError} a dataset that is not in the project
 * @throws {ConflictError} the name is taken
 */
export async function createEvaluator(
  services: Services,
  scope: Scope,
  input: CreateEvaluatorInput,
): Promise<CurrentEvaluator> {
  requireWrite(scope)
  const { prisma } = services.db
  const version = parseVersion(await functionsFor(services, input.definition, ['definition']), input, null)
  await checkEvaluatorSpec(version.definition, scope.projectId)
  const datasetIds = [...new Set(input.datasetIds ?? [])]
  const data = {
    name: parseInput(name, input.name, ['name']),
    description: parseInput(optional(text, null), input.description, ['description']),
    active: input.active ?? true,
  }
  await requireDatasets(prisma, scope, datasetIds, ['datasetIds'])
  return withUniqueName('evaluator', input.name, () =>
    prisma.evaluator.create({
      data: {
        ...data,
        projectId: scope.projectId,
        versions: { create: { ...version, version: 1 } },
        datasets: { create: datasetIds.map((datasetId) => ({ datasetId })) },
      },
      include: { current: true },
    }),
  )
}

/**
 * Changes the given members. A new definition, data type, direction or sampling creates a version; existing runs keep
 * the version they pinned.
 * @throws as {@link createEvaluator}
 */
export async function updateEvaluator(
  services: Services,
  scope: Scope,
  input: UpdateEvaluatorInput,
): Promise<CurrentEvaluator> {
  requireWrite(scope)
  const changes = parseChanges(input, ['description', 'datasetIds'])
  const { id } = changes
  const data = {
    name: changes.name === undefined ? undefined : parseInput(name, changes.name, ['name']),
    description:
      changes.description === undefined
        ? undefined
        : parseInput(optional(text, null), changes.description, ['description']),
    active: changes.active,
  }
  const functions = await functionsFor(services, changes.definition, ['definition'])
  if (changes.definition != null) {
    await checkEvaluatorSpec(parseEvaluatorSpec(changes.definition, functions), scope.projectId)
  }
  return withUniqueName('evaluator', changes.name ?? '', () =>
    services.db.prisma.$transaction(async (tx) => {
      const { current } = await lockEvaluator(tx, scope, id)
      const next = parseVersion(functions, changes, current)
      const { definition, dataType, direction, sampling } = current
      const changed = !isDeepStrictEqual(next, { definition, dataType, direction, sampling })
      const version = current.version + Number(changed)
      if (changed) await tx.evaluatorVersion.create({ data: { ...next, evaluatorId: id, version } })
      if (changes.datasetIds !== undefined) {
        const datasetIds = [...new Set(changes.datasetIds ?? [])]
        await requireDatasets(tx, scope, datasetIds, ['datasetIds'])
        await tx.evaluatorDataset.deleteMany({ where: { evaluatorId: id } })
        await tx.evaluatorDataset.createMany({ data: datasetIds.map((datasetId) => ({ evaluatorId: id, datasetId })) })
      }
      return tx.evaluator.update({ where: { id }, data: { ...data, version }, include: { current: true } })
    }),
  )
}

/**
 * Deletes an evaluator: it scores nothing new and its name is free again. Runs keep its versions and scores.
 * @throws {NotFoundError}
 */
export async function deleteEvaluator(services: Services, scope: Scope, id: string): Promise<void> {
  requireWrite(scope)
  const { count } = await services.db.prisma.evaluator.updateMany({
    where: { id, projectId: scope.projectId, deletedAt: null },
    data: { deletedAt: new Date(), active: false },
  })
  if (count === 0) throw evaluatorNotFound(id)
}

/** An evaluator with its current version. @throws {NotFoundError} */
export async function readEvaluator(
  reader: Pick<Prisma.TransactionClient, 'evaluator'>,
  scope: Scope,
  id: string,
): Promise<CurrentEvaluator> {
  const evaluator = await reader.evaluator.findFirst({
    where: { id, projectId: scope.projectId, deletedAt: null },
    include: { current: true },
  })
  if (!evaluator) throw evaluatorNotFound(id)
  return evaluator
}

async function lockEvaluator(tx: Prisma.TransactionClient, scope: Scope, id: string): Promise<CurrentEvaluator> {
  await lockEvaluatorForChange(tx, scope.projectId, id)
  return readEvaluator(tx, scope, id)
}

/**
 * The members of the next version: those of the input, else those of the current version. With a new definition, data
 * type and direction default to the definition's.
 */
function parseVersion(
  functions: RegisteredFunctions,
  input: Omit<UpdateEvaluatorInput, 'id'>,
  current: EvaluatorVersion | null,
) {
  const definition =
    current !== null && input.definition == null
      ? (current.definition as unknown as EvaluatorSpec)
      : parseEvaluatorSpec(input.definition, functions, ['definition'])
  const same = current !== null && isDeepStrictEqual(definition, current.definition)
  const defaults = same ? current : defaultsOf(definition, functions)
  const dataType = input.dataType ?? defaults.dataType
  if (definition.kind === 'builtin' && dataType !== defaultsOf(definition, functions).dataType) {
    const expected = defaultsOf(definition, functions).dataType
    throw new InvalidInputError(`dataType: expected ${expected} for ${definition.type}, got ${dataType}`, ['dataType'])
  }
  return {
    definition: { ...definition },
    dataType,
    direction: input.direction ?? defaults.direction,
    sampling: parseInput(optional(z.number().positive().max(1), current?.sampling ?? 1), input.sampling, ['sampling']),
  }
}

function evaluatorNotFound(id: string): NotFoundError {
  return new NotFoundError(`There is no evaluator ${encodeGlobalId('Evaluator', id)} in this project.`, ['id'])
}
