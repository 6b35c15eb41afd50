/** Queues of outputs that people score. */
import * as z from 'zod'
import { transaction } from '../../db/client.ts'
import type { ReviewQueue, Run } from '../../db/generated/prisma/client.ts'
import {
  assignReviewQueue,
  insertReviewItems,
  insertReviewQueue,
  loadAssignees,
  lockReviewQueue,
  updateReviewQueueRow,
} from '../../db/sql/review/write-queue.ts'
import { parseChanges } from '../../domain/changes.ts'
import { InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import { name, optional, parseInput, text } from '../../domain/parse-input.ts'
import { parseReviewSelection, type ReviewSelectionInput } from '../../domain/review/selection.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import { parseScoreName } from '../../domain/score.ts'
import type { Services } from '../services.ts'
import { withUniqueName } from '../unique-name.ts'
import { selectReviewItems } from './select-items.ts'

export interface CreateReviewQueueInput {
  /** Unique in the project. */
  name: string
  description?: string | null
  runId: string
  /** A run whose outputs are shown beside; REGRESSIONS and pairwise queues need one. */
  baselineId?: string | null
  /** Which of two outputs is better, instead of how good one is. */
  pairwise?: boolean | null
  selection: ReviewSelectionInput
  /** Names of scores that have rules; of a pairwise queue one, 1 for the run, 0 for the baseline. */
  scores: readonly string[]
  /** 1–10; default 1. */
  authorsPerItem?: number | null
  /** Names of persons; default: everybody. */
  assignees?: readonly string[] | null
  /** Default: the dataset's, so that queues of its runs have items in common. */
  seed?: string | null
}

/** Undefined leaves a member as it is; null clears `description` and `assignees`. */
export type UpdateReviewQueueInput = Partial<
  Pick<CreateReviewQueueInput, 'description' | 'authorsPerItem' | 'assignees'>
> & { id: string; name?: string | null; closed?: boolean | null }

const authors = z.int().min(1).max(10)
const description = optional(text.max(2_000), null)

/**
 * Makes a queue of the outputs that a run has now.
 * @throws {InvalidInputError} no output is like that, a score without rules, or members that do not fit each other
 * @throws {NotFoundError} no such run or person
 * @throws {ConflictError} the name is taken
 */
export async function createReviewQueue(
  services: Services,
  scope: Scope,
  input: CreateReviewQueueInput,
): Promise<ReviewQueue> {
  requireWrite(scope)
  const { projectId } = scope
  const { db } = services
  const named = {
    name: parseInput(name, input.name, ['name']),
    description: parseInput(description, input.description, ['description']),
    authorsPerItem: parseInput(optional(authors, 1), input.authorsPerItem, ['authorsPerItem']),
  }
  const pairwise = input.pairwise ?? false
  const selection = parseReviewSelection(input.selection, ['selection'])
  const run = await findRun(services, scope, input.runId, ['runId'])
  const baseline = input.baselineId == null ? null : await findRun(services, scope, input.baselineId, ['baselineId'])
  if (baseline && (baseline.id === run.id || baseline.datasetId !== run.datasetId)) {
    throw new InvalidInputError('Expected another run of the same dataset as the baseline.', ['baselineId'])
  }
  if (pairwise && !baseline) {
    throw new InvalidInputError('Expected a baseline whose outputs are compared with those of the run, got none.', [
      'baselineId',
    ])
  }
  const scores = await checkScores(services, scope, input.scores, pairwise)
  const personIds = await findPersons(services, scope, input.assignees ?? [])
  if (personIds.length > 0 && personIds.length < named.authorsPerItem) {
    throw tooFewPersons(named.authorsPerItem, personIds.length)
  }
  const seed = parseInput(optional(text.min(1).max(200), run.seed), input.seed, ['seed'])
  const items = await selectReviewItems(services, scope, { run, baseline, pairwise, selection, seed })
  return withUniqueName('review queue', named.name, () =>
    transaction(db.pool, async (client) => {
      const queue = await insertReviewQueue(client, {
        ...{ ...named, projectId, runId: run.id, baselineId: baseline?.id ?? null, pairwise, selection, scores, seed },
        ...{ itemCount: items.length, createdById: scope.person.id },
      })
      await assignReviewQueue(client, queue.id, personIds)
      await insertReviewItems(client, queue.id, items)
      return queue
    }),
  )
}

/**
 * Changes the given members; what was claimed or reviewed stays.
 * @throws as {@link createReviewQueue}
 * @throws {NotFoundError}
 */
export async function updateReviewQueue(
  services: Services,
  scope: Scope,
  input: UpdateReviewQueueInput,
  now = new Date(),
): Promise<ReviewQueue> {
  requireWrite(scope)
  const { id, closed, assignees, ...given } = parseChanges(input, ['description', 'assignees'])
  const changes = {
    ...(given.name === undefined ? {} : { name: parseInput(name, given.name, ['name']) }),
    ...(given.description === undefined
      ? {}
      : { description: parseInput(description, given.description, ['description']) }),
    ...(given.authorsPerItem == null
      ? {}
      : { authorsPerItem: parseInput(authors, given.authorsPerItem, ['authorsPerItem']) }),
  }
  const personIds = assignees === undefined ? null : await findPersons(services, scope, assignees ?? [])
  return withUniqueName('review queue', given.name ?? '', () =>
    transaction(services.db.pool, async (client) => {
      const queue = await lockReviewQueue(client, scope.projectId, id)
      if (!queue) throw noSuchQueue()
      const changed = { ...queue, ...changes }
      if (closed !== undefined) changed.closedAt = closed ? (queue.closedAt ?? now) : null
      if (personIds !== null) await assignReviewQueue(client, id, personIds)
      const assigned = (await loadAssignees(client, id)).length
      if (assigned > 0 && assigned < changed.authorsPerItem) throw tooFewPersons(changed.authorsPerItem, assigned)
      return updateReviewQueueRow(client, changed)
    }),
  )
}

/**
 * Deletes a queue. The scores that people gave in it stay; which of them were drawn is forgotten.
 * @throws {NotFoundError}
 */
export async function deleteReviewQueue({ db }: Services, scope: Scope, id: string): Promise<void> {
  requireWrite(scope)
  const { count } = await db.prisma.reviewQueue.deleteMany({ where: { id, projectId: scope.projectId } })
  if (count === 0) throw noSuchQueue()
}

export function noSuchQueue(path = ['id']): NotFoundError {
  return new NotFoundError('There is no such review queue in this project.', path)
}

function tooFewPersons(needed: number, got: number): InvalidInputError {
  const message = `Expected at least ${needed} persons for as many authors of each item, got ${got}.`
  return new InvalidInputError(message, ['assignees'])
}

async function findRun({ db }: Services, { projectId }: Scope, id: string, path: string[]): Promise<Run> {
  const run = await db.prisma.run.findFirst({ where: { id, projectId } })
  if (!run) throw new NotFoundError('There is no such run in this project.', path)
  return run
}

/** Of the project, else of the installation. @throws {NotFoundError} naming the first that is missing */
async function findPersons({ db }: Services, { projectId }: Scope, names: readonly string[]): Promise<string[]> {
  const found = await db.prisma.person.findMany({
    where: { name: { in: [...names] }, OR: [{ projectId }, { projectId: null }] },
  })
  const ids = names.map((name, index) => {
    const named = found.filter((person) => person.name === name)
    const person = named.find((one) => one.projectId !== null) ?? named[0]
    if (person) return person.id
    const message = `There is no person "${name}" in this project. Persons come with their first key: assay keys create.`
    throw new NotFoundError(message, ['assignees', String(index)])
  })
  return [...new Set(ids)]
}

/** @throws {InvalidInputError} a score that nothing says how to give */
async function checkScores(
  { db }: Services,
  { projectId }: Scope,
  given: readonly string[],
  pairwise: boolean,
): Promise<string[]> {
  const names = [...new Set(given.map((one, index) => parseScoreName(one, ['scores', String(index)])))]
  const most = pairwise ? 1 : 20
  if (names.length < 1 || names.length > most) {
    const what = pairwise ? 'one score, which says which output is better' : `1–${most} scores`
    throw new InvalidInputError(`Expected ${what}, got ${names.length}.`, ['scores'])
  }
  const configs = await db.prisma.scoreConfig.findMany({ where: { projectId }, orderBy: { name: 'asc' }, take: 100 })
  for (const [index, name] of names.entries()) {
    const config = await db.prisma.scoreConfig.findUnique({ where: { projectId_name: { projectId, name } } })
    const path = ['scores', String(index)]
    if (pairwise) {
      const { dataType, min, max } = config ?? { dataType: 'NUMERIC', min: 0, max: 1 }
      if (dataType === 'NUMERIC' && (min ?? 0) <= 0 && (max ?? 1) >= 1) continue
      const message = `Expected a NUMERIC score from 0 to 1 for pairs, but the rules of "${name}" are others.`
      throw new InvalidInputError(message, path)
    }
    if (config) continue
    const known = configs.length > 0 ? configs.map((one) => `"${one.name}"`).join(', ') : 'none'
    const message = `Expected a score that has rules, got "${name}"; there are those of ${known}. Give it some: setScoreConfig.`
    throw new InvalidInputError(message, path)
  }
  return names
}
