import type { Queryable } from '../db/client.ts'
import type { Score } from '../db/generated/prisma/client.ts'
import { advanceFeeds } from '../db/sql/run/advance-run.ts'
import { touchItems } from '../db/sql/run-item/touch-item.ts'
import type { ScoreKey } from '../db/sql/score/load-scores.ts'
import { deleteReplacedScores, deleteScoreRows, insertScores, type NewScore } from '../db/sql/score/set-score.ts'
import { NotFoundError } from '../domain/errors.ts'
import type { Json } from '../domain/json/json.ts'
import { requireWrite, type Scope } from '../domain/scope.ts'
import { parseScore, parseScoreName, type ScoreInput } from '../domain/score.ts'
import { checkEach, type PathOf, requireCount, requireOnce } from './bulk.ts'
import { GivenRules } from './given-rules.ts'
import { type LockedRuns, withLockedRuns } from './runs/locked-run.ts'
import { type ChangedScore, updateSummaries } from './score-summaries.ts'
import type { Services } from './services.ts'

/** A score from a person or a program. */
export interface SetScoreInput extends ScoreInput {
  runId: string
  /** The run item's position in the schedule; null scores the whole run. */
  ordinal: number | null
  name: string
  comment?: string | null
  metadata?: Json
  source: 'HUMAN' | 'API'
}

/** As {@link setScores}, one score. */
export async function setScore(services: Services, scope: Scope, input: SetScoreInput): Promise<Score> {
  const [score] = await setScores(services, scope, [input], () => [])
  return score as Score
}

/**
 * Sets 1–1,000 scores by the scope's person, all or none, each replacing one of the same name, source and author on the
 * same target.
 * @param at the position of each score in the caller's input
 * @param alongside what is done in the same transaction, after them
 * @returns the scores, in input order
 * @throws {InvalidInputError} a value that does not fit the data type or the rules of its series, or a score twice
 * @throws {NotFoundError} no such run or item
 */
export async function setScores(
  services: Services,
  scope: Scope,
  inputs: readonly SetScoreInput[],
  at: PathOf = (index) => ['scores', String(index)],
  alongside: (client: Queryable) => Promise<void> = async () => {},
): Promise<Score[]> {
  requireWrite(scope)
  requireCount(inputs.length, ['scores'])
  const { person, projectId } = scope
  const named = inputs.map((input) => ({ ...input, name: input.name.trim() }))
  const rules = await GivenRules.load(services.db.pool, projectId, named)
  const scores = checkEach(named, (input, index): NewScore => {
    const { runId, ordinal, source, comment = null, metadata = null } = input
    const name = parseScoreName(input.name, at(index))
    const { dataType, value, label } = input
    const parsed = parseScore({ dataType, value, label }, rules.of(input), at(index))
    rules.pin(input, parsed.dataType)
    return { runId, ordinal, name, source, author: person.name, ...parsed, comment, metadata }
  })
  requireOnce(scores, 'score', (index) => [...at(index), 'name'], identityOf)
  const missing = (index: number) => [...at(index), 'target']

  return withLockedRuns(
    services,
    scope,
    scores.map(({ runId }) => runId),
    missing,
    async (client, runs) => {
      const found = await touch(client, runs, scores)
      checkEach(scores, ({ runId, ordinal }, index) => {
        if (ordinal === null || found.has(`${runId}:${ordinal}`)) return
        throw new NotFoundError('There is no such run item in this project.', missing(index))
      })
      await rules.settle(client, projectId)
      checkEach(scores, (score, index) => {
        const { dataType, value, label } = score
        parseScore({ dataType, value, label }, rules.of(score), at(index))
      })
      const removed = await deleteReplacedScores(client, scores)
      const added = await insertScores(client, scores)
      const change = {
        removed: removed.flatMap((score) => changed(score, runs)),
        added: added.flatMap((score) => changed(score, runs)),
      }
      await updateSummaries(client, change, (key) => rules.pinned(key))
      await alongside(client)
      const byIdentity = new Map(added.map((score) => [identityOf(score), score]))
      return scores.map((score) => byIdentity.get(identityOf(score)) as Score)
    },
  )
}

/** As {@link deleteScores}, one score. */
export async function deleteScore(services: Services, scope: Scope, key: ScoreKey): Promise<void> {
  await deleteScores(services, scope, [key], () => ['id'])
}

/**
 * Deletes 1–1,000 scores of any source, all or none.
 * @param at the position of each score in the caller's input
 * @throws {NotFoundError} no such run or score
 */
export async function deleteScores(
  services: Services,
  scope: Scope,
  keys: readonly ScoreKey[],
  at: PathOf = (index) => ['ids', String(index)],
): Promise<void> {
  requireWrite(scope)
  requireCount(keys.length, ['ids'])
  requireOnce(keys, 'score', at, ({ runId, id }) => `${runId}:${id}`)
  const missing = (index: number) => new NotFoundError('There is no such score in this project.', at(index))
  const runIds = keys.map(({ runId }) => runId)
  await withLockedRuns(services, scope, runIds, at, async (client, runs) => {
    const removed = await deleteScoreRows(client, keys)
    const found = new Set(removed.map(({ id }) => String(id)))
    checkEach(keys, ({ id }, index) => {
      if (!found.has(id)) throw missing(index)
    })
    await touch(client, runs, removed)
    const change = { removed: removed.flatMap((score) => changed(score, runs)), added: [] }
    await updateSummaries(client, change, ({ name }) => {
      throw new Error(`A score "${name}" was deleted, but its run has no summary of it.`)
    })
  })
}

function identityOf({ runId, ordinal, source, name }: Pick<Score, 'runId' | 'ordinal' | 'source' | 'name'>): string {
  return `${runId}:${ordinal}:${source}:${name}`
}

/**
 * Makes the change visible in the feeds of the runs: every item takes the next position of its run. Returns the keys of
 * the items that exist, as `runId:ordinal`.
 */
async function touch(
  client: Queryable,
  runs: LockedRuns,
  scores: readonly { runId: string; ordinal: number | null }[],
): Promise<Set<string>> {
  const positions = [...Map.groupBy(scores, ({ runId }) => runId)].map(([runId, ofRun]) => {
    const { seq } = runs.get(runId)
    const ordinals = new Set(ofRun.flatMap(({ ordinal }) => ordinal ?? []))
    return {
      runId,
      count: Math.max(1, ordinals.size),
      items: [...ordinals].map((ordinal, n) => ({ runId, ordinal, seq: seq + n + 1 })),
    }
  })
  const items = positions.flatMap((run) => run.items)
  const found = items.length > 0 ? await touchItems(client, items) : []
  await advanceFeeds(client, positions)
  return new Set(found.map(({ runId, ordinal }) => `${runId}:${ordinal}`))
}

/** A score of an item as the summaries of its run count it; nothing for a score of a whole run. */
function changed({ runId, ordinal, name, source, value, label, error }: Score, runs: LockedRuns): ChangedScore[] {
  if (ordinal === null) return []
  const { repetitions } = runs.get(runId)
  return [{ runId, ordinal, name, source, value, label, failed: error !== null, repetitions }]
}
