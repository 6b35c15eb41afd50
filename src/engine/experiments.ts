import { type Queryable, transaction } from '../db/client.ts'
import { type Experiment, Prisma, type Run } from '../db/generated/prisma/client.ts'
import { insertExperiment, type NewExperiment } from '../db/sql/experiment/insert-experiment.ts'
import { lockExperimentForChange } from '../db/sql/experiment/lock-for-change.ts'
import { parseChanges, withoutNulls } from '../domain/changes.ts'
import { ConflictError, InvalidInputError, LimitError, NotFoundError } from '../domain/errors.ts'
import type { TaskSpec } from '../domain/execution/task.ts'
import { encodeGlobalId } from '../domain/global-id.ts'
import type { Json } from '../domain/json/json.ts'
import { json, name, optional, parseInput, text } from '../domain/parse-input.ts'
import { type PrimaryMetrics, parsePrimaryMetrics } from '../domain/primary-metrics.ts'
import { defaultRunSettings, type RunSettings, type RunSettingsChanges } from '../domain/run.ts'
import { parseRunSettings } from '../domain/run-settings.ts'
import { requireWrite, type Scope } from '../domain/scope.ts'
import { requireEvaluators } from './project-references.ts'
import { promptIdOf, resolveTask } from './providers/prompt-task.ts'
import { startRunWithin } from './runs/start-run.ts'
import type { Services } from './services.ts'
import { withUniqueName } from './unique-name.ts'
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

/** Undefined leaves a member as it is; null clears `description`, `evaluatorIds` (all active), `primaryMetrics` and `metadata`. */
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
  const experiment = await parseExperiment(services, scope, input)
  return transaction(services.db.pool, (client) => insert(client, experiment))
}

/**
 * Creates an experiment and starts a run of it: both or neither.
 * @throws as {@link createExperiment}; as `startRun`, with the path of `start`
 */
export async function createAndStart(
  services: Services,
  scope: Scope,
  input: CreateExperimentInput,
): Promise<{ experiment: Experiment; run: Run }> {
  const parsed = await parseExperiment(services, scope, input)
  return transaction(services.db.pool, async (client) => {
    const experiment = await insert(client, parsed)
    try {
      return { experiment, run: await startRunWithin(client, services, scope, experiment.id) }
    } catch (error) {
      if (error instanceof InvalidInputError) throw new InvalidInputError(error.message, ['start'])
      throw error instanceof LimitError ? new LimitError(error.message, ['start']) : error
    }
  })
}

async function parseExperiment(services: Services, scope: Scope, input: CreateExperimentInput): Promise<NewExperiment> {
  requireWrite(scope)
  const { prisma, pool } = services.db
  const { projectId } = scope
  const { datasetId, metadata = null } = input
  const evaluatorIds = distinct(input.evaluatorIds ?? [])
  const functions = await functionsFor(services, input.task, ['task'])
  const task = await resolveTask(pool, scope, functions, input.task)
  const settings = parseRunSettings(withoutNulls(input.settings ?? {}), defaultRunSettings, ['settings'])
  const texts = {
    name: parseInput(name, input.name, ['name']),
    description: parseInput(optional(text, null), input.description, ['description']),
    metadata: parseInput(json, metadata, ['metadata']),
  }
  if ((await prisma.dataset.count({ where: { id: datasetId, projectId } })) === 0) throw datasetNotFound()
  await requireEvaluators(prisma, scope, evaluatorIds, ['evaluatorIds'])
  const evaluatorsNamed = input.evaluatorIds != null
  const primaryMetrics = parsePrimary(input.primaryMetrics) ?? null
  return {
    ...texts,
    projectId,
    datasetId,
    task,
    promptId: promptIdOf(task),
    settings,
    evaluatorsNamed,
    evaluatorIds,
    primaryMetrics,
  }
}

function parsePrimary(input: unknown): PrimaryMetrics | null | undefined {
  return input == null ? (input as null | undefined) : parsePrimaryMetrics(input, ['primaryMetrics'])
}

async function insert(client: Queryable, experiment: NewExperiment): Promise<Experiment> {
  const created = await withUniqueName(
    'experiment',
    experiment.name,
    () => insertExperiment(client, experiment),
    'dataset',
  )
  if (!created) throw datasetNotFound()
  return created
}

function datasetNotFound(): NotFoundError {
  return new NotFoundError('There is no such dataset in this project.', ['datasetId'])
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
  const primaryMetrics = parsePrimary(changes.primaryMetrics)
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
          ...(primaryMetrics !== undefined && { primaryMetrics: primaryMetrics ?? Prisma.DbNull }),
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
