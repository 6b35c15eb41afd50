import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { type Evaluator, type EvaluatorVersion, Prisma } from '../db/generated/prisma/client.ts'
import { lockEvaluatorForChange } from '../db/sql/evaluator/lock-for-change.ts'
import { parseChanges, withoutNulls } from '../domain/changes.ts'
import { NotFoundError } from '../domain/errors.ts'
import type { Direction, EvaluatorSpec, FailurePolicy, ScoreDataType, ScoreRules } from '../domain/evaluation.ts'
import { excerptOf } from '../domain/excerpt.ts'
import type { RegisteredFunctions } from '../domain/execution/functions.ts'
import { encodeGlobalId } from '../domain/global-id.ts'
import { invalidInput, name, optional, parseInput, text } from '../domain/parse-input.ts'
import { requireWrite, type Scope } from '../domain/scope.ts'
import { hasValue, parseScoreRules, type ScoreRulesInput } from '../domain/score.ts'
import { parseScoreCondition, type ScoreCondition } from '../domain/score-condition.ts'
import { declaredRules, parseEvaluatorSpec, usualDirection } from '../evaluators/registry.ts'
import { checkDefinition } from './check-definition.ts'
import { requireDatasets } from './project-references.ts'
import { findScoreConfig, requireAgreement, rulesOf } from './score-configs.ts'
import type { Services } from './services.ts'
import { withUniqueName } from './unique-name.ts'
import { functionsFor } from './workers.ts'

/** An evaluator with its current version. */
export type CurrentEvaluator = Evaluator & { current: EvaluatorVersion }

export interface CreateEvaluatorInput {
  /** Unique among the project's evaluators; also the name of its score. */
  name: string
  description?: string | null
  /** An EvaluatorSpec; members that have a default are optional. */
  definition: unknown
  /** Default: what the definition declares, else the score's configuration; NUMERIC. */
  dataType?: ScoreDataType | null
  /** Default: as for `dataType`; HIGHER_IS_BETTER, of labels NONE. */
  direction?: Direction | null
  /** The range of NUMERIC scores, the labels of CATEGORICAL ones and what stands for missing ones. Default: as above. */
  min?: number | null
  max?: number | null
  categories?: readonly string[] | null
  failurePolicy?: FailurePolicy | null
  /** Fraction of the items to score, above 0 up to 1; default 1. */
  sampling?: number | null
  /** What another score of an item must be for it to be scored, a ScoreCondition; default: nothing. */
  onlyIf?: unknown
  /** Of one call, in milliseconds: 1–3,600,000, default 60,000. */
  timeoutMs?: number | null
  /** Calls for one item before a failure that may pass is final: 1–20, default 3. */
  maxAttempts?: number | null
  /** Whether it scores new runs whose experiment names no evaluators; default true. */
  active?: boolean | null
  /** The datasets it is limited to; empty means all. */
  datasetIds?: readonly string[] | null
}

/** Undefined leaves a member as it is; null clears `description`, `datasetIds`, `min`, `max`, `categories`
 * and `onlyIf`. */
export type UpdateEvaluatorInput = Partial<Omit<CreateEvaluatorInput, 'name'>> & { id: string; name?: string | null }

/**
 * Creates an evaluator, at version 1.
 * @throws {InvalidInputError} an invalid name, definition or option
 * @throws {NotFoundError} a dataset or provider that is not in the project
 * @throws {ConflictError} the name is taken
 */
export async function createEvaluator(
  services: Services,
  scope: Scope,
  input: CreateEvaluatorInput,
): Promise<CurrentEvaluator> {
  requireWrite(scope)
  const { prisma } = services.db
  const functions = await functionsFor(services, input.definition, ['definition'])
  const datasetIds = [...new Set(input.datasetIds ?? [])]
  const scoreName = parseInput(name, input.name, ['name'])
  const config = await findScoreConfig(prisma, scope, scoreName)
  const version = parseVersion(functions, withoutNulls(input), null, config)
  await checkDefinition(services, scope, version.definition)
  if (config) requireAgreement(version, config, asConfigured(scoreName))
  const data = {
    name: scoreName,
    description: parseInput(optional(text, null), input.description, ['description']),
    active: input.active ?? true,
    ...parseLimits(input),
  }
  await requireDatasets(prisma, scope, datasetIds, ['datasetIds'])
  return withUniqueName('evaluator', input.name, () =>
    prisma.evaluator.create({
      data: {
        ...data,
        projectId: scope.projectId,
        versions: { create: { ...versionRow(version), version: 1 } },
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
  const changes = parseChanges(input, ['description', 'datasetIds', 'min', 'max', 'categories', 'onlyIf'])
  const { id } = changes
  const data = {
    name: changes.name === undefined ? undefined : parseInput(name, changes.name, ['name']),
    description:
      changes.description === undefined
        ? undefined
        : parseInput(optional(text, null), changes.description, ['description']),
    active: changes.active,
    ...parseLimits(changes),
  }
  const functions = await functionsFor(services, changes.definition, ['definition'])
  if (changes.definition != null) {
    await checkDefinition(services, scope, parseEvaluatorSpec(changes.definition, functions))
  }
  return withUniqueName('evaluator', changes.name ?? '', () =>
    services.db.prisma.$transaction(async (tx) => {
      const { current, name: scoreName } = await lockEvaluator(tx, scope, id)
      const nextName = data.name ?? scoreName
      const config = await findScoreConfig(tx, scope, nextName)
      const next = parseVersion(functions, changes, current, config)
      if (config) requireAgreement(next, config, asConfigured(nextName))
      const { definition, sampling, onlyIf } = current
      const changed = !isDeepStrictEqual(next, { definition, sampling, onlyIf, ...rulesOf(current) })
      const version = current.version + Number(changed)
      if (changed) await tx.evaluatorVersion.create({ data: { ...versionRow(next), evaluatorId: id, version } })
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

/**
 * Takes an evaluator out of the archive, with its versions and its datasets. It is not active: what it scores is said anew.
 * One that is not archived stays as it is.
 * @throws {NotFoundError}
 * @throws {ConflictError} another evaluator has its name
 * @throws {InvalidInputError} its scores contradict the configuration that their name has now
 */
export async function restoreEvaluator({ db }: Services, scope: Scope, id: string): Promise<CurrentEvaluator> {
  requireWrite(scope)
  const found = await db.prisma.evaluator.findFirst({
    where: { id, projectId: scope.projectId },
    include: { current: true },
  })
  if (!found) throw evaluatorNotFound(id)
  if (found.deletedAt === null) return found
  const config = await findScoreConfig(db.prisma, scope, found.name)
  if (config) requireAgreement(rulesOf(found.current), config, asConfigured(found.name))
  return withUniqueName('evaluator', found.name, () =>
    db.prisma.evaluator.update({ where: { id }, data: { deletedAt: null }, include: { current: true } }),
  )
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

/** The limits of its calls, as far as they are given: they decide on no score. */
function parseLimits({ timeoutMs, maxAttempts }: Pick<UpdateEvaluatorInput, 'timeoutMs' | 'maxAttempts'>) {
  return {
    ...(timeoutMs != null && { timeoutMs: parseInput(z.int().min(1).max(3_600_000), timeoutMs, ['timeoutMs']) }),
    ...(maxAttempts != null && { maxAttempts: parseInput(z.int().min(1).max(20), maxAttempts, ['maxAttempts']) }),
  }
}

function asConfigured(name: string): string {
  return `setScoreConfig says of "${name}"`
}

async function lockEvaluator(tx: Prisma.TransactionClient, scope: Scope, id: string): Promise<CurrentEvaluator> {
  await lockEvaluatorForChange(tx, scope.projectId, id)
  return readEvaluator(tx, scope, id)
}

/** What determines the scores of an evaluator. */
interface ParsedVersion extends ScoreRules {
  definition: EvaluatorSpec
  sampling: number
  onlyIf: ScoreCondition | null
}

/**
 * The members of the next version: those of the input, else what the definition declares of its scores, else those of the
 * current version (if it is the same definition), else those of the score's configuration.
 */
function parseVersion(
  functions: RegisteredFunctions,
  input: Omit<UpdateEvaluatorInput, 'id'>,
  current: EvaluatorVersion | null,
  config: ScoreRules | null,
): ParsedVersion {
  const definition =
    current !== null && input.definition == null
      ? (current.definition as unknown as EvaluatorSpec)
      : parseEvaluatorSpec(input.definition, functions, ['definition'])
  const declared = declaredRules(definition, functions)
  const same = current !== null && isDeepStrictEqual(definition, current.definition)
  const before: Partial<ScoreRules> = same ? rulesOf(current) : (config ?? {})
  const dataType = input.dataType ?? declared.dataType ?? before.dataType ?? 'NUMERIC'
  const usual: ScoreRulesInput = {
    dataType,
    direction: hasValue(dataType) ? usualDirection(definition) : 'NONE',
    ...(before.dataType === dataType && before),
    ...declared,
  }
  const given = Object.fromEntries(
    ruleMembers.flatMap((member) => (input[member] === undefined ? [] : [[member, input[member]]])),
  )
  for (const [member, value] of Object.entries(declared)) {
    const other = given[member]
    if (other === undefined || isDeepStrictEqual(other, value)) continue
    const by = definition.kind === 'module' ? `"${definition.module}" of assay.config.ts` : nameOf(definition)
    throw invalidInput([member], `expected ${excerptOf(value)} for ${by}`, other)
  }
  return {
    definition,
    ...parseScoreRules({ ...usual, ...given, dataType }),
    sampling: parseInput(optional(z.number().positive().max(1), current?.sampling ?? 1), input.sampling, ['sampling']),
    onlyIf:
      input.onlyIf === undefined
        ? ((current?.onlyIf as ScoreCondition | null | undefined) ?? null)
        : input.onlyIf && parseScoreCondition(input.onlyIf, ['onlyIf']),
  }
}

const ruleMembers = ['dataType', 'direction', 'min', 'max', 'categories', 'failurePolicy'] as const

function versionRow({ categories, definition, onlyIf, ...version }: ParsedVersion) {
  return {
    ...version,
    onlyIf: onlyIf === null ? Prisma.DbNull : { ...onlyIf },
    definition: definition as unknown as Prisma.InputJsonObject,
    categories: categories === null ? Prisma.DbNull : [...categories],
  }
}

function evaluatorNotFound(id: string): NotFoundError {
  return new NotFoundError(`There is no evaluator ${encodeGlobalId('Evaluator', id)} in this project.`, ['id'])
}

function nameOf(definition: Exclude<EvaluatorSpec, { kind: 'module' }>): string {
  if (definition.kind === 'client') return definition.name
  return definition.kind === 'builtin' ? definition.type : `a ${definition.kind} of this kind`
}
