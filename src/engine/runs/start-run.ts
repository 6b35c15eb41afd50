import { createHash } from 'node:crypto'
import { type Queryable, transaction } from '../../db/client.ts'
import type { Run } from '../../db/generated/prisma/client.ts'
import { channels } from '../../db/listener.ts'
import { countRunItems, insertRunItems } from '../../db/sql/run-item/insert-run-items.ts'
import { canonicalJson } from '../../domain/canonical-json.ts'
import { ConflictError, InvalidInputError, LimitError, NotFoundError } from '../../domain/errors.ts'
import type { RunSettings, RunSubset, StartRunInput } from '../../domain/run.ts'
import { parseRunSettings } from '../../domain/run-settings.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import type { TaskSpec } from '../../domain/task.ts'
import { checkEarlyStop } from '../comparison/check-early-stop.ts'
import type { Services } from '../services.ts'
import { setLanes } from './lanes.ts'

/**
 * Starts a run: pins everything it needs, writes its whole schedule and hands its lanes to the workers, in one
 * transaction. The same idempotency key with the same input returns the run that it started before.
 *
 * @throws {InvalidInputError} a setting or subset that is impossible, or one that selects no item
 * @throws {NotFoundError} no such experiment or dataset version
 * @throws {LimitError} more items than a run may have
 * @throws {ConflictError} the idempotency key was used with another input
 */
export async function startRun(services: Services, scope: Scope, input: StartRunInput): Promise<Run> {
  requireWrite(scope)
  const { idempotencyKey = null, ...request } = input
  const subset = parseSubset(input.subset ?? {})
  const priority = parsePriority(input.priority ?? 0)
  checkName(input.name ?? null)
  const digest = createHash('sha256')
    .update(canonicalJson(JSON.parse(JSON.stringify(request))))
    .digest()

  const earlyStop = input.earlyStop
    ? await checkEarlyStop(services.db, scope, input.experimentId, input.earlyStop)
    : null

  const runId = await transaction(services.db.pool, async (client) => {
    if (idempotencyKey !== null) {
      const earlier = await claimKey(client, scope, idempotencyKey, digest)
      if (earlier) return earlier
    }
    const experiment = await readExperiment(client, scope, input.experimentId)
    const settings = parseRunSettings(input.settings ?? {}, experiment.settings, ['settings'])
    const datasetVersion = input.datasetVersion ?? experiment.version
    if (!(Number.isInteger(datasetVersion) && datasetVersion >= 1 && datasetVersion <= experiment.version)) {
      const expected = experiment.version === 0 ? 'a dataset with items' : `a version from 1 to ${experiment.version}`
      throw new InvalidInputError(
        `expected ${expected}, got version ${datasetVersion} of "${experiment.datasetName}"`,
        ['datasetVersion'],
      )
    }
    const seed = input.seed ?? experiment.seed
    const { rows } = await client.query<{ id: string }>(
      `INSERT INTO run (project_id, experiment_id, dataset_id, dataset_version, name, description, metadata, seed,
                        idempotency_key, idempotency_digest, task, settings, priority, early_stop, total, queued)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, 0) RETURNING id`,
      [
        scope.projectId,
        experiment.id,
        experiment.datasetId,
        datasetVersion,
        input.name ?? `${experiment.name} - ${new Date().toISOString()}`,
        input.description ?? null,
        jsonOrNull(input.metadata ?? experiment.metadata),
        seed,
        idempotencyKey,
        idempotencyKey === null ? null : digest,
        JSON.stringify(experiment.task),
        JSON.stringify(settings),
        priority,
        jsonOrNull(earlyStop),
      ],
    )
    const id = rows[0]?.id as string
    await pinEvaluators(client, id, experiment)
    const { datasetId } = experiment
    const { repetitions } = settings
    await checkSize(services, client, { datasetId, datasetVersion, repetitions }, subset)
    const total = await insertRunItems(client, { id, datasetId, datasetVersion, seed, repetitions }, subset)
    if (total === 0) {
      throw new InvalidInputError(
        `expected a subset with at least one of the dataset's items, got ${JSON.stringify(subset)}, which selects none`,
        ['subset'],
      )
    }
    await client.query('UPDATE run SET total = $2, queued = $2 WHERE id = $1', [id, total])
    await client.query('SELECT pg_notify($1, $2)', [channels.run, `${id}:0`])
    await setLanes(services.boss, client, { id, priority }, Math.min(settings.concurrency, total))
    services.log.info({ runId: id, items: total }, 'run: started')
    return id
  })
  return services.db.prisma.run.findUniqueOrThrow({ where: { id: runId } })
}

const defaultMaxRunItems = 2_000_000

async function checkSize(
  { maxRunItems = defaultMaxRunItems }: Services,
  client: Queryable,
  items: { datasetId: string; datasetVersion: number; repetitions: number },
  subset: RunSubset,
): Promise<void> {
  const most = Math.floor(maxRunItems / items.repetitions)
  if ((await countRunItems(client, items, subset, most + 1)) <= most) return
  throw new LimitError(
    `expected a run of at most ${maxRunItems.toLocaleString('en')} items, repetitions included, got more. Take a sample, fewer repetitions, or start the server with a larger --max-run-items.`,
    ['subset'],
  )
}

function checkName(name: string | null): void {
  if (name === null || (name.trim().length > 0 && name.length <= 200)) return
  throw new InvalidInputError(
    `expected a name of 1 to 200 characters, got ${name.trim() === '' ? 'an empty one' : name.length}`,
    ['name'],
  )
}

/** The run that the key started before; else the key is ours until the transaction ends. */
async function claimKey(client: Queryable, scope: Scope, key: string, digest: Buffer): Promise<string | null> {
  if (key.length === 0 || key.length > 200) {
    throw new InvalidInputError(`expected an idempotency key of 1 to 200 characters, got ${key.length}`, [
      'idempotencyKey',
    ])
  }
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`idempotency:${scope.projectId}:${key}`])
  const { rows } = await client.query<{ id: string; digest: Buffer }>(
    'SELECT id, idempotency_digest AS digest FROM run WHERE project_id = $1 AND idempotency_key = $2',
    [scope.projectId, key],
  )
  const earlier = rows[0]
  if (!earlier) return null
  if (!earlier.digest.equals(digest)) {
    throw new ConflictError(
      `The idempotency key "${key}" already started another run with other input. Use a new key for a new run.`,
      ['idempotencyKey'],
    )
  }
  return earlier.id
}

interface PinnedExperiment {
  id: string
  name: string
  metadata: unknown
  task: TaskSpec
  settings: RunSettings
  datasetId: string
  datasetName: string
  version: number
  seed: string
}

/** Reads the experiment and holds its dataset, so that it cannot be deleted before the run exists. */
async function readExperiment(client: Queryable, scope: Scope, id: string): Promise<PinnedExperiment> {
  const { rows } = await client.query<PinnedExperiment>(
    `SELECT e.id, e.name, e.metadata, e.task, e.settings, d.id AS "datasetId", d.name AS "datasetName", d.version, d.seed
     FROM experiment e JOIN dataset d ON d.id = e.dataset_id
     WHERE e.project_id = $1 AND e.id = $2 FOR SHARE`,
    [scope.projectId, id],
  )
  const experiment = rows[0]
  if (!experiment) throw new NotFoundError('There is no such experiment in this project.', ['experimentId'])
  return experiment
}

/** The run is scored by its experiment's evaluators and by every active one that applies to the dataset. */
async function pinEvaluators(client: Queryable, runId: string, experiment: PinnedExperiment): Promise<void> {
  await client.query(
    `INSERT INTO run_evaluator (run_id, evaluator_version_id)
     SELECT $1, v.id
     FROM evaluator e
     JOIN evaluator_version v ON v.evaluator_id = e.id AND v.version = e.version
     WHERE e.deleted_at IS NULL AND (
       EXISTS (SELECT FROM experiment_evaluator x WHERE x.experiment_id = $2 AND x.evaluator_id = e.id)
       OR e.active AND e.project_id = (SELECT project_id FROM run WHERE id = $1) AND (
         NOT EXISTS (SELECT FROM evaluator_dataset x WHERE x.evaluator_id = e.id)
         OR EXISTS (SELECT FROM evaluator_dataset x WHERE x.evaluator_id = e.id AND x.dataset_id = $3)))`,
    [runId, experiment.id, experiment.datasetId],
  )
}

function parseSubset(subset: RunSubset): RunSubset {
  const { sample } = subset
  if (sample != null && !(Number.isInteger(sample) && sample >= 1)) {
    throw new InvalidInputError(`expected a sample of at least 1 item, got ${sample}`, ['subset', 'sample'])
  }
  return subset
}

/** @throws {InvalidInputError} unless it is a whole number from -100 to 100 */
export function parsePriority(priority: number): number {
  if (Number.isInteger(priority) && Math.abs(priority) <= 100) return priority
  throw new InvalidInputError(`expected a priority from -100 to 100, got ${priority}`, ['priority'])
}

function jsonOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value)
}
