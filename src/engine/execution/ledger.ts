/**
 * The transaction in which a run advances: results in, claims out, with counters, sums, `seq` and the NOTIFY, under the
 * lock of the run's row.
 */
import { type Database, pipelined, type Queryable, type Unawaited } from '../../db/client.ts'
import {
  claimEvaluations,
  findNextEvaluationMs,
  insertEvaluations,
  type NewEvaluation,
} from '../../db/sql/evaluation/claim-evaluations.ts'
import { requeueEvaluations } from '../../db/sql/evaluation/requeue-evaluations.ts'
import { claimRunEvaluations, openRunEvaluations } from '../../db/sql/evaluation/run-evaluations.ts'
import { saveCachedResponses } from '../../db/sql/response-cache/cached-responses.ts'
import { advanceRun, noDelta, type RunDelta } from '../../db/sql/run/advance-run.ts'
import { type LockedRun, lockRun } from '../../db/sql/run/lock-run.ts'
import {
  type ClaimRange,
  claimDue,
  claimRanges,
  countRecorded,
  findNextDueMs,
} from '../../db/sql/run-item/claim-items.ts'
import { recordResults } from '../../db/sql/run-item/record-results.ts'
import { requeueClaims } from '../../db/sql/run-item/requeue-claims.ts'
import { recordScores } from '../../db/sql/score/record-scores.ts'
import type { SeriesRules } from '../../db/sql/score/summary-columns.ts'
import { refreshMoments } from '../../db/sql/score/write-summary.ts'
import { affordableCalls, stopReason } from '../../domain/execution/stop-rules.ts'
import { isFinished, type RunStatus } from '../../domain/run.ts'
import { type Ending, endRun } from '../runs/end-run.ts'
import { changeSummaries } from '../score-summaries.ts'
import { advanceRescoring } from './advance-rescoring.ts'
import {
  type Claim,
  type ClaimRequest,
  emptyClaim,
  type LedgerBatch,
  type UncertainClaim,
  type Written,
} from './claim.ts'
import { fitUnpinned } from './fit-unpinned.ts'
import { type EvaluationResult, type ItemResult, isEvaluation, type LedgerResult } from './item-result.ts'
import { recordEvaluations } from './record-evaluations.ts'
import { situation, statusAfter, takeFresh, transfer, transferEvaluations, waiting } from './run-balance.ts'
import { type Tally, tally, tallySeries } from './tally.ts'

/**
 * Records results and answers claims, in one transaction. For a finished run it does nothing, and the claims are empty.
 *
 * In two round trips, where nothing unusual happens: the lock with the results, and all that follows from which of them
 * count. The next batch waits for the lock of this one, and each round trip for a process that others keep from running.
 */
export function writeLedger(
  db: Database,
  runId: string,
  results: readonly LedgerResult[],
  requests: readonly ClaimRequest[],
  uncertain: readonly UncertainClaim[],
): Promise<Written> {
  return pipelined(db.pool, async (client, unawaited) => {
    const locked = lockRun(client, runId)
    const matched = recordItems(client, runId, results, null)
    const [run] = await Promise.all([locked, matched])
    if (run) return advance({ client, run, unawaited }, { results, requests, uncertain }, matched)
    return async () => ended('CANCELLED', requests)
  })
}

/** The same, in a transaction of the caller that holds the run's lock. */
export async function advanceLedger(client: Queryable, run: LockedRun, batch: LedgerBatch): Promise<Written> {
  const matched = isFinished(run.status) ? [] : recordItems(client, run.id, batch.results, run.seq)
  const finish = await advance({ client, run, unawaited: (statement) => statement }, batch, await matched)
  return finish()
}

/** @returns the indexes of the results of items, among them, whose lease still held the item */
function recordItems(client: Queryable, runId: string, results: readonly LedgerResult[], seq: number | null) {
  const items = byKind(results).items.map((result) => result.item)
  return items.length > 0 ? recordResults(client, runId, items, seq) : []
}

function ended(status: RunStatus, requests: readonly ClaimRequest[]): Written {
  return { status, answers: requests.map(() => emptyClaim(status)), ended: noDelta }
}

/** A transaction that holds the lock of a run. */
interface Locked {
  client: Queryable
  run: LockedRun
  unawaited: Unawaited
}

/**
 * @param matched the results of items that count
 * @returns what remains to be done when everything has been sent: reading the answers
 */
async function advance(
  { client, run, unawaited }: Locked,
  batch: LedgerBatch,
  matched: readonly number[] | Promise<readonly number[]>,
): Promise<() => Promise<Written>> {
  const { status, rescoring } = run
  const { results, requests, uncertain } = batch
  if (rescoring?.status === 'RUNNING' && isFinished(status)) {
    const written = await advanceRescoring(client, { ...run, rescoring }, batch)
    return async () => written
  }
  if (isFinished(status)) return async () => ended(status, requests)

  const delta: RunDelta = { ...noDelta, status }
  const { items, evaluations } = byKind(results)
  const recorded = await record({ client, run, unawaited }, delta, items, new Set(await matched))
  if (evaluations.length > 0) await recordEvaluations(client, run, delta, evaluations)
  for (const { lease, known } of uncertain) {
    const lost = await requeueClaims(client, run.id, lease, known.items, run.seq + delta.seq)
    if (lost > 0) transfer(delta, lost, 'running', 'queued', run.total)
    transferEvaluations(delta, await requeueEvaluations(client, run.id, lease, known.evaluations), 'running')
  }

  await beginRunEvaluations(client, run, delta)

  const refusal = recorded.find(({ stop }) => stop !== undefined)?.stop
  const limit = stopReason(situation(run, delta), run.settings)
  const reason: Ending | null =
    refusal === undefined
      ? limit && { status: 'STOPPED', stopReason: limit }
      : { status: 'STOPPED', stopReason: 'PROVIDER', stopMessage: refusal }
  if (reason) {
    const end = await endRun(client, run, reason, delta)
    return async () => ({ ...ended(end.status, requests), ended: end })
  }
  const answers = await claim({ client, run, unawaited }, delta, requests)
  delta.status = statusAfter(run, delta)
  // Every change that can be seen takes a position of the feed.
  if (delta.seq === 0 && (delta.evaluationsQueued !== 0 || delta.evaluationsRunning !== 0)) delta.seq = 1
  if (delta.seq > 0 || delta.status !== status) await unawaited(advanceRun(client, run.id, delta))
  return async () => ({ status: delta.status, answers: await answers(), ended: delta })
}

function byKind(results: readonly LedgerResult[]): { items: readonly ItemResult[]; evaluations: EvaluationResult[] } {
  const evaluations = results.filter(isEvaluation)
  if (evaluations.length === 0) return { items: results as readonly ItemResult[], evaluations }
  return { items: results.filter((result): result is ItemResult => !isEvaluation(result)), evaluations }
}

/** @returns the results whose lease still held the item */
async function record(
  { client, run, unawaited }: Locked,
  delta: RunDelta,
  results: readonly ItemResult[],
  matched: ReadonlySet<number>,
): Promise<readonly ItemResult[]> {
  if (results.length === 0) return results
  const stored = matched.size === results.length ? results : results.filter((_, index) => matched.has(index))
  const kept = await fitUnpinned(client, run, stored, ({ item }) => item.attempts)
  const sums = tally(kept)
  Object.assign(delta, sums.run, { seq: results.length })
  if (sums.scores.length > 0 || sums.latencies.length > 0) await recordSums({ client, run, unawaited }, kept, sums)
  const responses = kept.flatMap(({ response }) => response ?? [])
  if (responses.length > 0) await saveCachedResponses(client, run.projectId, responses)
  const open = kept.flatMap(({ open }) => open ?? [])
  if (open.length > 0) await openEvaluations(client, run, delta, open)
  return kept
}

/** When all items and their evaluations have ended, the evaluators of the run as a whole begin. */
async function beginRunEvaluations(client: Queryable, run: LockedRun, delta: RunDelta): Promise<void> {
  if (run.runScored || statusAfter(run, delta) !== 'COMPLETED') return
  const opened = await openRunEvaluations(client, run.id, null)
  if (opened === 0) return
  delta.evaluationsQueued += opened
  delta.runScored = true
}

/** What was not scored together with its item. The result comes first: without it nothing is left to be scored. */
async function openEvaluations(
  client: Queryable,
  run: LockedRun,
  delta: RunDelta,
  open: readonly NewEvaluation[],
): Promise<void> {
  await insertEvaluations(client, run.id, open)
  const held = open.filter(({ lease }) => lease !== null).length
  delta.evaluationsRunning += held
  delta.evaluationsQueued += open.length - held
}

async function recordSums(
  { client, run, unawaited }: Locked,
  results: readonly ItemResult[],
  { scores, latencies }: Tally,
): Promise<void> {
  const {
    id: runId,
    settings: { repetitions },
  } = run
  if (repetitions === 1 || scores.length === 0) {
    await unawaited(recordScores(client, runId, { mode: 'ADD', scores, latencies, ...tallySeries(results) }))
    return
  }
  const added = scores.map(({ ordinal, name, value, label, error }) => {
    return { runId, name, source: 'EVALUATOR' as const, repetitions, ordinal, value, label, failed: error !== null }
  })
  const rulesOf = new Map(scores.map(({ name, rules, evaluatorVersionId }) => [name, { ...rules, evaluatorVersionId }]))
  const { inexact, ...changed } = await changeSummaries(
    client,
    { added, removed: [] },
    false,
    ({ name }) => rulesOf.get(name) as SeriesRules,
  )
  await recordScores(client, runId, { mode: 'REPLACE', scores, latencies, ...changed })
  if (inexact.length > 0) await refreshMoments(client, inexact)
}

/**
 * Claims work for each request within the budget, and counts it in `delta`: evaluations, which complete items, before
 * items, and retries before fresh ones.
 * @returns the answers, when everything has been sent
 */
async function claim(
  { client, run, unawaited }: Locked,
  delta: RunDelta,
  requests: readonly ClaimRequest[],
): Promise<() => Promise<(Claim | null)[]>> {
  const holders = new Set(run.leases)
  const answers = requests.map(({ lease }) => (holders.has(lease) ? emptyClaim('RUNNING') : null))

  const ranges: ClaimRange[] = []
  for (const [index, { lease, limit, ofClient }] of requests.entries()) {
    const answer = answers[index]
    if (!answer) continue
    const scoring = run.remote && !ofClient
    const affordable = () => affordableCalls(situation(run, delta), run.settings.budgetUsd)
    let wanted = scoring ? limit : Math.min(limit, affordable())
    const most = Math.min(wanted, affordable())
    if (!ofClient && run.evaluationsQueued + delta.evaluationsQueued > 0 && most > 0) {
      answer.evaluations = await claimEvaluations(client, run.id, lease, most)
      if (run.runScored || delta.runScored) {
        const left = most - answer.evaluations.length
        answer.evaluations.push(...(await claimRunEvaluations(client, run.id, lease, left)))
      }
      transferEvaluations(delta, answer.evaluations.length, 'queued')
      wanted -= answer.evaluations.length
    }
    if (waiting(run, delta) > 0 && wanted > 0) {
      const at = { limit: wanted, recorded: scoring, seq: run.seq + delta.seq }
      const due = await claimDue(client, run.id, lease, at)
      answer.items.push(...due)
      transfer(delta, due.length, 'queued', 'running')
      wanted -= due.length
    }
    if (scoring) continue
    const range = takeFresh(run, delta, lease, wanted)
    if (range.count > 0) ranges.push(range)
  }
  const fresh = ranges.length > 0 ? claimRanges(client, run.id, ranges, run.seq + delta.seq) : null
  if (fresh) await unawaited(fresh)
  for (const { count } of ranges) delta.seq += count

  const due = requests.length > 0 && waiting(run, delta) > 0 ? await findNextDueMs(client, run.id) : null
  const queued = run.queued + delta.queued
  const { concurrency } = run.settings
  for (const answer of answers) if (answer) Object.assign(answer, { queued, concurrency, dueMs: due })
  const evaluations = run.evaluationsQueued + delta.evaluationsQueued
  const ofWorkers = answers.filter((answer, index) => answer && !requests[index]?.ofClient)
  if (ofWorkers.length > 0 && (run.remote || evaluations > 0)) {
    const left = run.remote ? await countRecorded(client, run.id) : queued
    const times = [run.remote ? null : due, evaluations > 0 ? await findNextEvaluationMs(client, run.id) : null]
    const known = times.filter((ms) => ms !== null)
    const dueMs = known.length > 0 ? Math.min(...known) : null
    for (const answer of ofWorkers) Object.assign(answer as Claim, { queued: left + evaluations, dueMs })
  }
  return async () => {
    const answerOf = new Map(requests.map(({ lease }, index) => [lease, answers[index]]))
    for (const item of (await fresh) ?? []) answerOf.get(item.lease)?.items.push(item)
    return answers
  }
}
