/**
 * The transaction in which a finished run is scored again: evaluations in, others out, under the lock of the run's row. The
 * status of the run stays; no task is called. The scores of the versions that are replaced are put aside first, so that a
 * series never mixes versions, and entries are opened as lanes claim them: every transaction is bounded, however many items
 * the run has, and what a killed process leaves is where the next one goes on.
 */
import type { Queryable } from '../../db/client.ts'
import { claimEvaluations, findNextEvaluationMs } from '../../db/sql/evaluation/claim-evaluations.ts'
import { openNextEvaluations } from '../../db/sql/evaluation/open-rescoring.ts'
import { requeueEvaluations } from '../../db/sql/evaluation/requeue-evaluations.ts'
import { claimRunEvaluations, openRunEvaluations } from '../../db/sql/evaluation/run-evaluations.ts'
import { loadPinnedEvaluators } from '../../db/sql/evaluator/pin-evaluators.ts'
import { findReplaced, putScoresAside, takeOver } from '../../db/sql/evaluator/replace-versions.ts'
import { advanceRun, noDelta, type RunDelta } from '../../db/sql/run/advance-run.ts'
import { loadPinnedRun } from '../../db/sql/run/load-pinned-run.ts'
import type { LockedRun } from '../../db/sql/run/lock-run.ts'
import { pinFunctions } from '../../db/sql/run/pin-functions.ts'
import { neededFunctions } from '../../domain/execution/functions.ts'
import { affordableEvaluations, type Rescoring } from '../../domain/rescoring.ts'
import { endRescoring } from '../runs/end-rescoring.ts'
import { type Claim, type ClaimRequest, emptyClaim, type LedgerBatch, type Written } from './claim.ts'
import { isEvaluation } from './item-result.ts'
import { recordEvaluations } from './record-evaluations.ts'
import { situation, transferEvaluations } from './run-balance.ts'

/** Items whose scores one transaction puts aside. */
const putAsideItems = 10_000

/** A run whose outputs are being scored again. */
export type RescoredRun = LockedRun & { rescoring: Rescoring }

/** Records evaluations and answers claims. Lanes go on while they are told that the run is RUNNING. */
export async function advanceRescoring(
  client: Queryable,
  run: RescoredRun,
  { results, requests, uncertain }: LedgerBatch,
): Promise<Written> {
  const { status, stopReason, stopMessage } = run
  const delta: RunDelta = { ...noDelta, status, stopReason, stopMessage }
  const rescoring = { ...run.rescoring }
  const evaluations = results.filter(isEvaluation)
  if (evaluations.length > 0) await recordEvaluations(client, run, delta, evaluations)
  for (const { costUsd } of evaluations) {
    if (costUsd !== null) rescoring.costMax = Math.max(rescoring.costMax ?? 0, costUsd)
  }
  for (const { lease, known } of uncertain) {
    transferEvaluations(delta, await requeueEvaluations(client, run.id, lease, known.evaluations), 'running')
  }
  const rescored = { ...run, rescoring }
  await beginRunEvaluations(client, rescored, delta)
  const answers = isExhausted(rescored, delta) ? null : await claim(client, rescored, delta, requests)
  const { evaluationsQueued, evaluationsRunning } = situation(run, delta)
  const isDone =
    evaluationsQueued + evaluationsRunning === 0 && rescoring.next >= run.total && !rescoring.runVersionIds?.length
  if (answers && !isDone) {
    // Every change that can be seen takes a position of the feed.
    await advanceRun(client, run.id, { ...delta, rescoring, seq: Math.max(delta.seq, 1) })
    // To clients, which only execute, it stays finished.
    return { status: requests.some(({ ofClient }) => ofClient) ? status : 'RUNNING', answers, ended: noDelta }
  }
  await endRescoring(client, rescored, delta, answers ? 'COMPLETED' : 'STOPPED')
  return { status, answers: requests.map(() => emptyClaim(status)), ended: noDelta }
}

/** When all outputs are scored, the evaluators of the run as a whole begin. */
async function beginRunEvaluations(client: Queryable, run: RescoredRun, delta: RunDelta): Promise<void> {
  const { rescoring } = run
  const { evaluationsQueued, evaluationsRunning } = situation(run, delta)
  const isLeft = rescoring.replaced !== null || rescoring.next < run.total || evaluationsQueued + evaluationsRunning > 0
  if (rescoring.runVersionIds === null || isLeft) return
  const opened = await openRunEvaluations(client, run.id, rescoring.runVersionIds)
  delta.evaluationsQueued += opened
  rescoring.opened += opened
  rescoring.runVersionIds = null
}

function affordable(run: RescoredRun, delta: RunDelta): number {
  return affordableEvaluations(run.rescoring, situation(run, delta), run.settings.budgetUsd)
}

/** Whether a budget covers no further evaluation, and none is in flight that could show that they cost less. */
function isExhausted(run: RescoredRun, delta: RunDelta): boolean {
  const { evaluationsQueued, evaluationsRunning } = situation(run, delta)
  const { next, runVersionIds } = run.rescoring
  const isWanted = evaluationsQueued > 0 || next < run.total || runVersionIds !== null
  return isWanted && evaluationsRunning === 0 && affordable(run, delta) === 0
}

/** @returns null for a lease that no lane has any more */
async function claim(
  client: Queryable,
  run: RescoredRun,
  delta: RunDelta,
  requests: readonly ClaimRequest[],
): Promise<(Claim | null)[]> {
  const { rescoring } = run
  const holders = new Set(run.leases)
  const answers = requests.map(({ lease, ofClient }) =>
    holders.has(lease) ? emptyClaim(ofClient ? run.status : 'RUNNING') : null,
  )
  const isAsked = answers.some((answer, index) => answer && !requests[index]?.ofClient)
  if (isAsked && rescoring.replaced !== null) await replace(client, run)
  for (const [index, { lease, limit, ofClient }] of requests.entries()) {
    const answer = answers[index]
    if (!answer || ofClient || rescoring.replaced !== null) continue
    answer.evaluations = await claimFor(client, run, delta, lease, limit)
  }
  const { evaluationsQueued } = situation(run, delta)
  const isOpen = rescoring.next < run.total || rescoring.runVersionIds !== null
  const unopened = isOpen ? Math.max(1, rescoring.total - rescoring.opened) : 0
  const waits = evaluationsQueued > 0 && unopened === 0
  const dueMs = rescoring.replaced !== null ? 0 : waits ? await findNextEvaluationMs(client, run.id) : null
  const { concurrency } = run.settings
  for (const answer of answers)
    if (answer) Object.assign(answer, { queued: unopened + evaluationsQueued, concurrency, dueMs })
  return answers
}

/** Claims evaluations that went back to the queue, then those of the next outputs. */
async function claimFor(client: Queryable, run: RescoredRun, delta: RunDelta, lease: string, limit: number) {
  const { rescoring } = run
  let wanted = Math.min(limit, affordable(run, delta))
  if (wanted <= 0) return []
  const isQueued = situation(run, delta).evaluationsQueued > 0
  const due: Claim['evaluations'] = isQueued ? await claimEvaluations(client, run.id, lease, wanted) : []
  if (isQueued && rescoring.runVersionIds === null) {
    due.push(...(await claimRunEvaluations(client, run.id, lease, wanted - due.length)))
  }
  transferEvaluations(delta, due.length, 'queued')
  wanted -= due.length
  const { versionIds, next: from } = rescoring
  // With several versions and a budget for one evaluation, those of one output are opened together all the same.
  if (wanted <= 0 || from >= run.total) return due
  const outputs = Math.max(1, Math.floor(wanted / versionIds.length))
  const opened = await openNextEvaluations(client, run.id, lease, { from, limit: outputs, versionIds })
  delta.evaluationsRunning += opened.length
  rescoring.opened += opened.length
  const last = opened.at(-1)?.ordinal
  rescoring.next = last === undefined || opened.length < outputs * versionIds.length ? run.total : last + 1
  return [...due, ...opened]
}

/** Puts more of the scores aside that the versions replace, and with the last of them lets these take over. */
async function replace(client: Queryable, run: RescoredRun): Promise<void> {
  const { rescoring } = run
  const versionIds = [...rescoring.versionIds, ...(rescoring.runVersionIds ?? [])]
  const replaced = await findReplaced(client, run.id, versionIds)
  const from = rescoring.replaced ?? run.total
  const to = Math.min(from + putAsideItems, run.total)
  await putScoresAside(client, run.id, replaced, versionIds, { from, to })
  rescoring.replaced = to
  if (to < run.total) return
  await putScoresAside(client, run.id, replaced, versionIds, 'RUN')
  await takeOver(client, run.id, replaced, versionIds)
  await repinFunctions(client, run)
  rescoring.replaced = null
}

/** The functions of the evaluators that the run has now: those that were replaced need none any more. */
async function repinFunctions(client: Queryable, { id, rescoring }: RescoredRun): Promise<void> {
  const run = await loadPinnedRun(client, id)
  if (!run) return
  const definitions = (await loadPinnedEvaluators(client, id)).map(({ definition }) => definition)
  const { tasks, evaluators } = neededFunctions(run.task, definitions)
  const hashes = { ...run.functions?.evaluators, ...rescoring.functions }
  await pinFunctions(client, id, {
    tasks: run.functions?.tasks ?? tasks,
    evaluators: Object.fromEntries(Object.keys(evaluators).map((name) => [name, hashes[name] ?? null])),
  })
}
