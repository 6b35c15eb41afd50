import { type Experiment, Prisma, type Run } from '../db/generated/prisma/client.ts'
import { lockExperimentForChange } from '../db/sql/experiment/lock-for-change.ts'
import { parseChanges, withoutNulls } from '../domain/changes.ts'
import { ConflictError, InvalidInputError, LimitError, NotFoundError } from '../domain/errors.ts'
import type { TaskSpec } from '../domain/execution/task.ts'
import { encodeGlobalId } from '../domain/global-id.ts'
import type { Json } from '../domain/json/json.ts'
import { json, name, optional, parseInput, text } from '../domain/parse-input.ts'
import { parsePrimaryMetrics } from '../domain/primary-metrics.ts'
import { defaultRunSettings, type RunSettings, type RunSettingsChanges } from '../domain/run.ts'
import { parseRunSettings } from '../domain/run-settings.ts'
import { requireWrite, type Scope } from '../domain/scope.ts'
import { promptIdOf, resolveTask } from './providers/prompt-task.ts'
import { requireEvaluators, withUniqueName } from './references.ts'
import { startRun } from './runs/start-run.ts'
import type { Services } from './services.ts'
import { functionsFor } from './workers.ts'

export interface CreateExperimentInput {
  /** Unique among the experiments on the dataset. */
  name: string
  description?: string | null
  datasetId: string
  /** A TaskSpec; members that have a default are optional. */
  task: unknown
  /** The evaluators that score its runs; null: all that are active for the dataset when a run starts. */
  evaluatorIds?: readonly string[] | null
  settings?: RunSettingsChanges | null
  /** What its runs are judged by (src/domain/primary-metrics.ts); null: all scores and failures alike. */
  primaryMetrics?: unknown
  metadata?: Json
}

/**
 * Undefined leaves a member as it is; null clears `description`, `evaluatorIds` (all active ones), `primaryMetrics` and
 * `metadata`.
 */
type UpdateExperimentInput = Partial<Omit<CreateExperimentInput, 'datasetId' | 'name'>> & {
  id: string
  name?: string | null
}

/**
 * Creates an experiment on a dataset.
 * @throws {InvalidInputError} an invalid name, task or setting
 * @throws {NotFoundError} a dataset or evaluator that is not in the project
 * @throws {ConflictError} the name is taken
 */
export async function createExperiment(
  services: Services,
  scope: Scope,
  input: CreateExperimentInput,
): Promise<Experiment> {
  requireWrite(scope)
  const { prisma } = services.db
  const { datasetId } = input
  const evaluatorIds = distinct(input.evaluatorIds ?? [])
  const functions = await functionsFor(services, input.task, ['task'])
  const task = await resolveTask(services.db.pool, scope, functions, input.task)
  const settings = parseRunSettings(withoutNulls(input.settings ?? {}), defaultRunSettings, ['settings'])
  const primaryMetrics = input.primaryMetrics
    ? parsePrimaryMetrics(input.primaryMetrics, ['primaryMetrics'])
    : Prisma.DbNull
  const texts = parseTexts({ ...input, name: input.name, description: input.description ?? null })
  const dataset = await prisma.dataset.findFirst({ where: { id: datasetId, projectId: scope.projectId } })
  if (!dataset) throw new NotFoundError('There is no such dataset in this project.', ['datasetId'])
  await requireEvaluators(prisma, scope, evaluatorIds, ['evaluatorIds'])
  const create = () =>
    prisma.experiment.create({
      data: {
        ...texts,
        name: input.name,
        projectId: scope.projectId,
        datasetId,
        task: asJson(task),
        promptId: promptIdOf(task),
        settings: { ...settings },
        primaryMetrics,
        evaluatorsNamed: input.evaluatorIds != null,
        evaluators: { create: evaluatorIds.map((evaluatorId) => ({ evaluatorId })) },
      },
    })
  return withUniqueName('experiment', input.name, create, 'dataset')
}

/**
 * Creates an experiment and starts a run of it. When the run cannot start, the experiment is deleted again.
 * @throws as {@link createExperiment}; as `startRun`, with the path of `start`
 */
export async function createAndStart(
  services: Services,
  scope: Scope,
  input: CreateExperimentInput,
): Promise<{ experiment: Experiment; run: Run }> {
  const experiment = await createExperiment(services, scope, input)
  try {
    return { experiment, run: await startRun(services, scope, { experimentId: experiment.id }) }
  } catch (error) {
    await deleteExperiment(services, scope, experiment.id)
    if (error instanceof InvalidInputError) throw new InvalidInputError(error.message, ['start'])
    throw error instanceof LimitError ? new LimitError(error.message, ['start']) : error
  }
}

/**
 * Changes the given members. Settings are merged into the current ones. Existing runs keep what they pinned.
 * @throws as {@link createExperiment}
 */
export async function updateExperiment(
  services: Services,
  scope: Scope,
  input: UpdateExperimentInput,
): Promise<Experiment> {
  requireWrite(scope)
  const changes = parseChanges(input, ['description', 'evaluatorIds', 'primaryMetrics', 'metadata'])
  const task =
    changes.task === undefined
      ? undefined
      : await resolveTask(services.db.pool, scope, await functionsFor(services, changes.task, ['task']), changes.task)
  const texts = parseTexts(changes)
  const primary = changes.primaryMetrics
  const primaryMetrics =
    primary === undefined
      ? undefined
      : primary === null
        ? Prisma.DbNull
        : parsePrimaryMetrics(primary, ['primaryMetrics'])
  const update = () =>
    services.db.prisma.$transaction(async (tx) => {
      const current = await lockExperiment(tx, scope, input.id)
      const settings = parseRunSettings(changes.settings ?? {}, current.settings as unknown as RunSettings, [
        'settings',
      ])
      const named = changes.evaluatorIds
      if (named !== undefined) {
        const evaluatorIds = distinct(named ?? [])
        await requireEvaluators(tx, scope, evaluatorIds, ['evaluatorIds'])
        await tx.experimentEvaluator.deleteMany({ where: { experimentId: input.id } })
        await tx.experimentEvaluator.createMany({
          data: evaluatorIds.map((evaluatorId) => ({ experimentId: input.id, evaluatorId })),
        })
      }
      return tx.experiment.update({
        where: { id: input.id },
        data: {
          ...texts,
          ...(task && { task: asJson(task), promptId: promptIdOf(task) }),
          ...(named !== undefined && { evaluatorsNamed: named !== null }),
          ...(primaryMetrics !== undefined && { primaryMetrics }),
          settings: { ...settings },
        },
      })
    })
  return withUniqueName('experiment', changes.name ?? '', update, 'dataset')
}

/**
 * Deletes an experiment with all its runs.
 * @throws {NotFoundError}
 * @throws {ConflictError} a run of it is unfinished
 */
export async function deleteExperiment(services: Services, scope: Scope, id: string): Promise<void> {
  requireWrite(scope)
  await services.db.prisma.$transaction(async (tx) => {
    // startRun takes this lock too, so no run can start between the count and the deletion.
    const { name } = await lockExperiment(tx, scope, id)
    const open = await tx.run.count({ where: { experimentId: id, status: { in: ['QUEUED', 'RUNNING'] } } })
    if (open > 0) {
      const runs = open === 1 ? '1 unfinished run' : `${open} unfinished runs`
      throw new ConflictError(`Experiment "${name}" has ${runs}. Cancel or wait for them, then delete it.`, ['id'])
    }
    await tx.experiment.delete({ where: { id } })
  })
}

async function lockExperiment(tx: Prisma.TransactionClient, scope: Scope, id: string): Promise<Experiment> {
  await lockExperimentForChange(tx, scope.projectId, id)
  const experiment = await tx.experiment.findFirst({ where: { id, projectId: scope.projectId } })
  if (!experiment)
    throw new NotFoundError(`There is no experiment ${encodeGlobalId('Experiment', id)} in this project.`, ['id'])
  return experiment
}

function parseTexts(input: { name?: string; description?: string | null; metadata?: Json }) {
  const { metadata } = input
  return {
    name: input.name === undefined ? undefined : parseInput(name, input.name, ['name']),
    description:
      input.description === undefined
        ? undefined
        : parseInput(optional(text, null), input.description, ['description']),
    metadata: metadata === undefined ? undefined : (parseInput(json, metadata, ['metadata']) ?? Prisma.DbNull),
  }
}

/** Its members of `undefined` are left out. */
function asJson(task: TaskSpec): Prisma.InputJsonObject {
  return JSON.parse(JSON.stringify(task))
}

function distinct(ids: readonly string[]): string[] {
  return [...new Set(ids)]
}
