import type { Queryable } from '../../db/client.ts'
import { type EvaluationKey, endEvaluations } from '../../db/sql/evaluation/claim-evaluations.ts'
import { deleteEvaluationScores, touchEvaluatedItems } from '../../db/sql/evaluation/replace-scores.ts'
import { endRunEvaluation } from '../../db/sql/evaluation/run-evaluations.ts'
import type { RunDelta } from '../../db/sql/run/advance-run.ts'
import type { LockedRun } from '../../db/sql/run/lock-run.ts'
import { insertEvaluatorScores, type RecordedScore } from '../../db/sql/score/record-scores.ts'
import { replaceRunScores } from '../../db/sql/score/replace-run-scores.ts'
import type { SeriesRules } from '../../db/sql/score/summary-columns.ts'
import { updateSummaries } from '../score-summaries.ts'
import { fitUnpinned } from './fit-unpinned.ts'
import { type EvaluationResult, plus, scoresAmong } from './item-result.ts'

/**
 * Records the ends of open evaluations whose lease still holds them, and counts them in `delta`. What an evaluation gives
 * replaces what it gave before. The caller holds the run's lock.
 */
export async function recordEvaluations(
  client: Queryable,
  run: LockedRun,
  delta: RunDelta,
  results: readonly EvaluationResult[],
): Promise<void> {
  const ofRun = results.filter(({ evaluation }) => evaluation.ordinal === null)
  for (const result of ofRun) await recordRunEvaluation(client, run, delta, result)
  const ofItems = ofRun.length === 0 ? results : results.filter(({ evaluation }) => evaluation.ordinal !== null)
  if (ofItems.length === 0) return
  const ends = ofItems.map(({ evaluation }) => evaluation)
  const matched = new Set(await endEvaluations(client, run.id, ends))
  const kept = ofItems.filter((_, index) => matched.has(index))
  if (kept.length === 0) return
  const done = kept.filter(({ evaluation }) => evaluation.status === 'DONE')
  delta.evaluationsRunning -= kept.length
  delta.evaluationsQueued += kept.length - done.length
  if (done.length > 0) await replaceScores(client, run, done)
  await countCosts(client, run, delta, kept)
}

async function recordRunEvaluation(
  client: Queryable,
  run: LockedRun,
  delta: RunDelta,
  { evaluation, scores, costUsd }: EvaluationResult,
): Promise<void> {
  if (!(await endRunEvaluation(client, run.id, evaluation))) return
  delta.evaluationsRunning -= 1
  if (evaluation.status === 'QUEUED') delta.evaluationsQueued += 1
  else await replaceRunScores(client, run.id, evaluation.evaluatorVersionId, scoresAmong(scores))
  if (costUsd !== null) {
    delta.evaluatorCostSum += costUsd
    delta.costMax = Math.max(delta.costMax ?? 0, costUsd)
  }
  // What everybody sees of the run has changed.
  delta.seq += 1
}

async function replaceScores(client: Queryable, run: LockedRun, done: readonly EvaluationResult[]): Promise<void> {
  const { id: runId, settings } = run
  const given = done.map((result) => ({ ...result, scores: scoresAmong(result.scores) }))
  const fitted = await fitUnpinned(client, run, given, ({ attempt }) => attempt)
  const scores = fitted.flatMap((result) => result.scores)
  const removed = await deleteEvaluationScores(
    client,
    runId,
    done.map(({ evaluation }) => evaluation as EvaluationKey),
  )
  if (scores.length > 0) await insertEvaluatorScores(client, runId, scores)
  const series = { runId, source: 'EVALUATOR' as const, repetitions: settings.repetitions }
  const rulesOf = new Map(scores.map((score) => [score.name, rulesOfScore(score)]))
  await updateSummaries(
    client,
    {
      added: scores.map(({ ordinal, name, value, label, error }) => {
        return { ...series, ordinal, name, value, label, failed: error !== null }
      }),
      removed: removed.map((score) => ({ ...series, ...score })),
    },
    ({ name }) => rulesOf.get(name) as SeriesRules,
  )
}

function rulesOfScore({ rules, evaluatorVersionId }: RecordedScore): SeriesRules {
  return { ...rules, evaluatorVersionId }
}

/** Adds what the evaluators cost to items and run, and shows the items in the feed. */
async function countCosts(
  client: Queryable,
  run: LockedRun,
  delta: RunDelta,
  kept: readonly EvaluationResult[],
): Promise<void> {
  const costs = new Map<number, number | null>()
  for (const { evaluation, costUsd } of kept) {
    const { ordinal } = evaluation as EvaluationKey
    costs.set(ordinal, plus(costs.get(ordinal) ?? null, costUsd))
  }
  const items = [...costs].map(([ordinal, costUsd]) => ({ ordinal, costUsd }))
  const evaluated = await touchEvaluatedItems(client, run.id, items, run.seq + delta.seq)
  delta.seq += items.length
  for (const { costUsd } of items) delta.evaluatorCostSum += costUsd ?? 0
  for (const { hadCost, evaluatorCostUsd, totalUsd } of evaluated) {
    if (evaluatorCostUsd === null) continue
    if (!hadCost) delta.evaluatorCostCount += 1
    if (totalUsd !== null) delta.costMax = Math.max(delta.costMax ?? 0, totalUsd)
  }
}
