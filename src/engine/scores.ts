import type { Queryable } from '../db/client.ts'
import type { Score } from '../db/generated/prisma/client.ts'
import { advanceFeeds } from '../db/sql/run/advance-run.ts'
import { touchItems } from '../db/sql/run-item/touch-item.ts'
import type { ScoreKey } from '../db/sql/score/load-scores.ts'
import { deleteReplacedScores, deleteScoreRows, insertScores, type NewScore } from '../db/sql/score/set-score.ts'
import { addLabelCounts, loadScoreTallies, writeScoreTallies } from '../db/sql/score/write-summary.ts'
import { InvalidInputError, NotFoundError } from '../domain/errors.ts'
import type { Direction } from '../domain/evaluation.ts'
import type { Json } from '../domain/json/json.ts'
import { requireWrite, type Scope } from '../domain/scope.ts'
import { parseScore, parseScoreName, type ScoreInput } from '../domain/score.ts'
import { extremesOf, noMoments, replaceScores } from '../domain/statistics/score-moments.ts'
import { checkEach, type PathOf, requireCount } from './bulk.ts'
import { type LockedRuns, withLockedRuns } from './runs/locked-run.ts'
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
 * @returns the scores, in input order
 * @throws {InvalidInputError} a value that does not fit the data type or the score's configuration, or a score twice
 * @throws {NotFoundError} no such run or item
 */
export async function setScores(
  services: Services,
  scope: Scope,
  inputs: readonly SetScoreInput[],
  at: PathOf = (index) => ['scores', String(index)],
): Promise<Score[]> {
  requireWrite(scope)
  requireCount(inputs.length, ['scores'])
  const { projectId, person } = scope
  const configs = await services.db.prisma.scoreConfig.findMany({
    where: { projectId, name: { in: inputs.map(({ name }) => name.trim()) } },
  })
  const configOf = new Map(configs.map((config) => [config.name, config]))
  const seen = new Map<string, number>()
  const scores = checkEach(inputs, (input, index): NewScore => {
    const { runId, ordinal, source, comment = null, metadata = null } = input
    const name = parseScoreName(input.name, at(index))
    const { dataType, value, label } = input
    const parsed = parseScore({ dataType, value, label }, configOf.get(name) ?? null, at(index))
    const score = { runId, ordinal, name, source, author: person.name, ...parsed, comment, metadata }
    const first = seen.get(identityOf(score))
    if (first !== undefined) {
      throw new InvalidInputError(`Expected every score once, got the same one as at ${first}.`, [...at(index), 'name'])
    }
    seen.set(identityOf(score), index)
    return score
  })
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
      const removed = await deleteReplacedScores(client, scores)
      const added = await insertScores(client, scores)
      await summarize(client, { removed, added }, (name) => configOf.get(name)?.direction)
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
  const missing = (index: number) => new NotFoundError('There is no such score in this project.', at(index))
  const runIds = keys.map(({ runId }) => runId)
  await withLockedRuns(services, scope, runIds, at, async (client, runs) => {
    const removed = await deleteScoreRows(client, keys)
    const found = new Set(removed.map(({ id }) => String(id)))
    checkEach(keys, ({ id }, index) => {
      if (!found.has(id)) throw missing(index)
    })
    await touch(client, runs, removed)
    await summarize(client, { removed, added: [] })
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

/** Applies a change of scores to the summaries of their runs. The caller holds the locks of the runs. */
async function summarize(
  client: Queryable,
  { removed, added }: { removed: readonly Score[]; added: readonly Score[] },
  directionOf: (name: string) => Direction | undefined = () => undefined,
): Promise<void> {
  const keyOf = ({ runId, name }: { runId: string; name: string }) => `${runId}:${name}`
  const ofItems = (scores: readonly Score[]) => scores.filter(({ ordinal }) => ordinal !== null)
  const [before, after] = [ofItems(removed), ofItems(added)]
  const changed = Map.groupBy([...after, ...before], keyOf)
  if (changed.size === 0) return
  const first = [...changed.values()].flatMap(([score]) => score ?? [])
  const tallies = new Map((await loadScoreTallies(client, first)).map((tally) => [keyOf(tally), tally]))
  const [removedBy, addedBy] = [Map.groupBy(before, keyOf), Map.groupBy(after, keyOf)]
  await writeScoreTallies(
    client,
    first.map(({ runId, name, dataType }) => {
      const key = keyOf({ runId, name })
      const tally = tallies.get(key) ?? { ...noMoments, errorCount: 0, dataType, ...extremesOf([]) }
      const change = { removed: removedBy.get(key) ?? [], added: addedBy.get(key) ?? [] }
      const direction = directionOf(name) ?? 'HIGHER_IS_BETTER'
      const removed = extremesOf(change.removed.map(({ value }) => value))
      const isUnknown = tally.count > 0 && tally.min === null
      const added = isUnknown ? [] : [tally.min, tally.max, ...change.added.map(({ value }) => value)]
      return { ...tally, ...replaceScores(tally, change), ...extremesOf(added), runId, name, direction, removed }
    }),
  )
  const labels = labelChanges(before, after)
  if (labels.length > 0) await addLabelCounts(client, labels)
}

function labelChanges(removed: readonly Score[], added: readonly Score[]) {
  const changes = new Map<string, { runId: string; name: string; label: string; difference: number }>()
  const count = ({ runId, name, dataType, label }: Score, difference: number) => {
    if (dataType !== 'CATEGORICAL' || label === null) return
    const key = JSON.stringify([runId, name, label])
    const before = changes.get(key)?.difference ?? 0
    changes.set(key, { runId, name, label, difference: before + difference })
  }
  for (const score of removed) count(score, -1)
  for (const score of added) count(score, 1)
  return [...changes.values()].filter(({ difference }) => difference !== 0)
}
