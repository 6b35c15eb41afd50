import type { Queryable } from '../db/client.ts'
import type { Score } from '../db/generated/prisma/client.ts'
import { advanceRun, noDelta } from '../db/sql/run/advance-run.ts'
import type { LockedRun } from '../db/sql/run/lock-run.ts'
import { touchItem } from '../db/sql/run-item/touch-item.ts'
import type { ScoreKey } from '../db/sql/score/load-scores.ts'
import { deleteReplacedScores, deleteScoreRow, insertScore, type ScoreIdentity } from '../db/sql/score/set-score.ts'
import { addLabelCount, loadScoreTally, writeScoreTally } from '../db/sql/score/write-summary.ts'
import { NotFoundError } from '../domain/errors.ts'
import type { Direction } from '../domain/evaluation.ts'
import type { Json } from '../domain/json/json.ts'
import { requireWrite, type Scope } from '../domain/scope.ts'
import { parseScore, parseScoreName, type ScoreInput } from '../domain/score.ts'
import { noMoments, replaceScores } from '../domain/statistics/score-moments.ts'
import { withLockedRun } from './runs/locked-run.ts'
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

/**
 * Sets a score by the scope's person, replacing one of the same name, source and author on the same target.
 * @throws {InvalidInputError} a value that does not fit the data type or the score's configuration
 * @throws {NotFoundError} no such run or item
 */
export async function setScore(services: Services, scope: Scope, input: SetScoreInput): Promise<Score> {
  requireWrite(scope)
  const { runId, ordinal, source, comment = null, metadata = null } = input
  const name = parseScoreName(input.name)
  const config = await services.db.prisma.scoreConfig.findUnique({
    where: { projectId_name: { projectId: scope.projectId, name } },
  })
  const value = parseScore({ dataType: input.dataType, value: input.value, label: input.label }, config)
  const identity: ScoreIdentity = { runId, ordinal, name, source, author: scope.person.name }

  const write = async (client: Queryable, run: LockedRun) => {
    if (ordinal !== null && !(await touchItem(client, runId, ordinal, run.seq + 1))) {
      throw new NotFoundError('There is no such run item in this project.', ['target'])
    }
    const removed = await deleteReplacedScores(client, identity)
    const score = await insertScore(client, identity, { ...value, comment, metadata })
    if (ordinal !== null) await summarize(client, { removed, added: [score] }, config?.direction)
    await advance(client, runId, run)
    return score
  }
  return withLockedRun(services, scope, runId, write, ['target'])
}

/**
 * Deletes a score of any source.
 * @throws {NotFoundError} no such run or score
 */
export async function deleteScore(services: Services, scope: Scope, key: ScoreKey): Promise<void> {
  const { runId } = key
  await withLockedRun(services, scope, runId, async (client, run) => {
    const score = await deleteScoreRow(client, key)
    if (!score) throw new NotFoundError('There is no such score in this project.', ['id'])
    if (score.ordinal !== null) {
      await touchItem(client, runId, score.ordinal, run.seq + 1)
      await summarize(client, { removed: [score], added: [] })
    }
    await advance(client, runId, run)
  })
}

/** Applies a change of scores of one name to the run's summary. The caller holds the run's lock. */
async function summarize(
  client: Queryable,
  { removed, added }: { removed: readonly Score[]; added: readonly Score[] },
  direction: Direction = 'HIGHER_IS_BETTER',
): Promise<void> {
  const [score] = [...added, ...removed]
  if (!score) return
  const { runId, name, dataType } = score
  const before = (await loadScoreTally(client, runId, name)) ?? { ...noMoments, errorCount: 0 }
  const change = { removed, added }
  await writeScoreTally(client, runId, { name, dataType, direction }, replaceScores(before, change), change)
  for (const label of labelsOf(removed)) await addLabelCount(client, runId, name, label, -1)
  for (const label of labelsOf(added)) await addLabelCount(client, runId, name, label, 1)
}

function labelsOf(scores: readonly Score[]): string[] {
  return scores.flatMap(({ dataType, label }) => (dataType === 'CATEGORICAL' && label !== null ? [label] : []))
}

/** Makes the change visible in the run's feed. */
async function advance(client: Queryable, runId: string, { status, stopReason }: LockedRun): Promise<void> {
  await advanceRun(client, runId, { ...noDelta, status, stopReason, seq: 1 })
}
