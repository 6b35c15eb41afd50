import { hash } from 'node:crypto'
import { type Queryable, transaction } from '../../db/client.ts'
import type { Run } from '../../db/generated/prisma/client.ts'
import { channels, notify } from '../../db/listener.ts'
import { loadPinnedEvaluators, pinEvaluators } from '../../db/sql/evaluator/pin-evaluators.ts'
import { lockExperiment } from '../../db/sql/experiment/lock-experiment.ts'
import { findRunByKey, lockIdempotencyKey } from '../../db/sql/run/idempotency-key.ts'
import { insertRun, setTotal } from '../../db/sql/run/insert-run.ts'
import { pinFunctions } from '../../db/sql/run/pin-functions.ts'
import { countRunItems, insertRunItems } from '../../db/sql/run-item/insert-run-items.ts'
import { withoutNulls } from '../../domain/changes.ts'
import { ConflictError, InvalidInputError, LimitError, NotFoundError } from '../../domain/errors.ts'
import { neededFunctions, pin } from '../../domain/execution/functions.ts'
import type { TaskSpec } from '../../domain/execution/task.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { canonicalJson } from '../../domain/json/canonical-json.ts'
import type { RunSubset, StartRunInput } from '../../domain/run.ts'
import { parseRunSettings } from '../../domain/run-settings.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import { parseTaskVersion } from '../../tasks/client.ts'
import { checkEarlyStop, requireSameDataset } from '../comparison/check-early-stop.ts'
import { requireItems } from '../datasets/items.ts'
import { requireEvaluators } from '../project-references.ts'
import { noRoomForRun, roomForRun } from '../projects/quotas.ts'
import { pinTask } from '../providers/prompt-task.ts'
import type { Services } from '../services.ts'
import { loadFunctions } from '../workers.ts'
import { joinRun } from './join-run.ts'
import { addLanes } from './lanes.ts'
import { readRun } from './locked-run.ts'

/**
 * Starts a run: pins everything it depends on, writes its whole schedule and queues its lanes, in one transaction. An
 * idempotency key that was used before with the same input returns the run that it started.
 *
 * @returns the run before any worker has touched it, unless the key had already started it
 * @throws {InvalidInputError} an invalid setting or subset, or a subset that selects no item
 * @throws {NotFoundError} no such experiment, item, evaluator or baseline
 * @throws {LimitError} more items than a run may have, or than the quotas of the project leave
 * @throws {ConflictError} the idempotency key was used with another input
 */
export async function startRun(services: Services, scope: Scope, input: StartRunInput): Promise<Run> {
  requireWrite(scope)
  const { pool, prisma } = services.db
  const idempotency = parseIdempotency(input)
  const before = idempotency && (await runOfKey(pool, scope, idempotency))
  if (before) return readRun(pool, { id: before, projectId: scope.projectId })
  if (input.evaluatorIds) await requireEvaluators(prisma, scope, input.evaluatorIds, ['evaluatorIds'])
  const earlyStop = input.earlyStop ? await checkEarlyStop(services.db, scope, input.earlyStop) : null
  return transaction(pool, (client) => insert(client, services, scope, input, { idempotency, earlyStop }))
}

/**
 * Starts a run of an experiment with its own settings, in a transaction that may have created it.
 * @throws {InvalidInputError} no items in its dataset
 * @throws {LimitError} more items than a run may have, or than the quotas of the project leave
 */
export function startRunWithin(
  client: Queryable,
  services: Services,
  scope: Scope,
  experimentId: string,
): Promise<Run> {
  return insert(client, services, scope, { experimentId }, { idempotency: null, earlyStop: null })
}

/** What of an input is checked before the transaction. */
interface Checked {
  idempotency: Idempotency | null
  earlyStop: Awaited<ReturnType<typeof checkEarlyStop>> | null
}

async function insert(
  client: Queryable,
  services: Services,
  scope: Scope,
  input: StartRunInput,
  { idempotency, earlyStop }: Checked,
): Promise<Run> {
  const { projectId } = scope
  const subset = parseSubset(input.subset ?? {})
  const limits = Object.keys(subset).length > 0 ? subset : null
  const priority = parsePriority(input.priority ?? 0)
  checkName(input.name ?? null)
  if (idempotency) await lockIdempotencyKey(client, projectId, idempotency.key)
  const earlier = idempotency && (await runOfKey(client, scope, idempotency))
  if (earlier) return readRun(client, { id: earlier, projectId })
  const experiment = await lockExperiment(client, projectId, input.experimentId)
  if (!experiment) throw new NotFoundError('There is no such experiment in this project.', ['experimentId'])
  const { datasetId } = experiment
  const pinned = await pinTask(client, scope, taskOf(experiment.task, input))
  const { task } = pinned
  if (earlyStop) requireSameDataset(earlyStop, datasetId)
  if (subset.itemIds) await requireItems(client, { projectId, datasetId }, subset.itemIds, ['subset', 'itemIds'])
  const settings = parseRunSettings(input.settings ?? {}, experiment.settings, ['overrides'])
  if (settings.cache && task.kind === 'client') {
    throw new InvalidInputError('Expected no cache for a task that clients execute, got true.', ['overrides', 'cache'])
  }
  const datasetVersion = input.datasetVersion ?? experiment.version
  if (!(Number.isInteger(datasetVersion) && datasetVersion >= 1 && datasetVersion <= experiment.version)) {
    const expected = experiment.version === 0 ? 'a dataset with items' : `a version from 1 to ${experiment.version}`
    throw new InvalidInputError(`expected ${expected}, got version ${datasetVersion} of "${experiment.datasetName}"`, [
      'datasetVersion',
    ])
  }
  const joined = input.join
    ? await joinRun(
        client,
        { experimentId: experiment.id, datasetId, task, datasetVersion, settings },
        { ...input, subset: limits },
      )
    : null
  if (joined) return readRun(client, { id: joined, projectId })
  const seed = input.seed ?? experiment.seed
  const id = await insertRun(client, {
    projectId,
    experimentId: experiment.id,
    datasetId,
    datasetVersion,
    name: input.name ?? `${experiment.name} - ${new Date().toISOString()}`,
    description: input.description ?? null,
    metadata: input.metadata ?? experiment.metadata,
    seed,
    ...pinned,
    settings,
    priority,
    subset: limits,
    earlyStop: earlyStop?.rule ?? null,
    startedById: scope.person.id,
    idempotency,
  })
  const { evaluatorIds = experiment.evaluatorIds } = input
  await pinEvaluators(client, { id, projectId, datasetId }, evaluatorIds)
  await pinRegistered(client, id, task)
  const { concurrency, repetitions } = settings
  await checkSize(services, client, { projectId, datasetId, datasetVersion, repetitions }, subset)
  const total = await insertRunItems(client, { id, datasetId, datasetVersion, seed, repetitions }, subset)
  if (total === 0) {
    throw new InvalidInputError(
      `Expected a subset with at least one item of version ${datasetVersion} of the dataset; this one selects none.`,
      ['subset'],
    )
  }
  const run = await setTotal(client, id, total)
  await notify(client, channels.run, `${id}:0`)
  // Clients bring their own lanes, and workers get some as soon as there is something to score.
  if (task.kind !== 'client') await addLanes(services.boss, client, run, Math.min(concurrency, total))
  services.log.info({ runId: encodeGlobalId('Run', id), items: total }, 'run: started')
  return run
}

/** Pins the functions that the run needs as they are now; without a worker that has them, as the first one that takes it. */
async function pinRegistered(client: Queryable, runId: string, task: TaskSpec): Promise<void> {
  const definitions = (await loadPinnedEvaluators(client, runId)).map(({ definition }) => definition)
  const needed = neededFunctions(task, definitions)
  if (Object.keys({ ...needed.tasks, ...needed.evaluators }).length === 0) return
  await pinFunctions(client, runId, pin(needed, await loadFunctions(client)))
}

/** @throws {InvalidInputError} what only tasks of clients can have, or cannot have */
function taskOf(task: TaskSpec, { taskVersion, join }: StartRunInput): TaskSpec {
  if (task.kind === 'client') {
    return taskVersion == null ? task : { ...task, version: parseTaskVersion(taskVersion, ['taskVersion']) }
  }
  const given = taskVersion != null ? 'taskVersion' : join ? 'join' : null
  if (given === null) return task
  throw new InvalidInputError(`Expected ${given} only with a task that clients execute, got it with one of workers.`, [
    given,
  ])
}

const defaultMaxRunItems = 2_000_000

async function checkSize(
  { maxRunItems = defaultMaxRunItems }: Services,
  client: Queryable,
  items: { projectId: string; datasetId: string; datasetVersion: number; repetitions: number },
  subset: RunSubset,
): Promise<void> {
  const room = await roomForRun(client, items)
  const left = room ? Math.max(0, room.quota - room.used) : Infinity
  const max = Math.floor(Math.min(maxRunItems, left) / items.repetitions)
  if ((await countRunItems(client, items, subset, max + 1)) <= max) return
  if (room && left < maxRunItems) throw noRoomForRun(room)
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

interface Idempotency {
  key: string
  digest: Buffer
}

/** Null without a key. */
function parseIdempotency({ idempotencyKey: key, subset, ...rest }: StartRunInput): Idempotency | null {
  if (key == null) return null
  if (key.length === 0 || key.length > 200) {
    throw new InvalidInputError(`expected an idempotency key of 1 to 200 characters, got ${key.length}`, [
      'idempotencyKey',
    ])
  }
  // Null is the same as leaving it out, except for the evaluators, where null means all.
  const request = {
    ...withoutNulls(rest),
    ...(rest.evaluatorIds === null && { evaluatorIds: null }),
    ...(subset && { subset: withoutNulls(subset) }),
  }
  return { key, digest: hash('sha256', canonicalJson(JSON.parse(JSON.stringify(request))), 'buffer') }
}

/** The run that the key has already started. @throws {ConflictError} with other input */
async function runOfKey(client: Queryable, scope: Scope, { key, digest }: Idempotency): Promise<string | null> {
  const earlier = await findRunByKey(client, scope.projectId, key)
  if (!earlier) return null
  if (!earlier.digest.equals(digest)) {
    throw new ConflictError(
      `The idempotency key "${key}" already started another run with other input. Use a new key for a new run.`,
      ['idempotencyKey'],
    )
  }
  return earlier.id
}

/** Its members that limit anything. */
function parseSubset(input: RunSubset): RunSubset {
  const subset: RunSubset = withoutNulls(input)
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
