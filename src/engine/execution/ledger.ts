/**
 * The transaction in which a run advances: results in, claims out, with counters, sums, `seq` and the NOTIFY, under the
 * lock of the run's row.
 */
import { type Database, type Queryable, transaction } from '../../db/client.ts'
import { saveCachedResponses } from '../../db/sql/response-cache/cached-responses.ts'
import { advanceRun, noDelta, type RunDelta } from '../../db/sql/run/advance-run.ts'
import { type LockedRun, lockRun } from '../../db/sql/run/lock-run.ts'
import {
  type ClaimedItem,
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
import type { FinishedCounts } from '../../telemetry/metrics.ts'
import { type Ending, endRun } from '../runs/end-run.ts'
import { changeSummaries } from '../score-summaries.ts'
import { fitUnpinned } from './fit-unpinned.ts'
import type { ItemResult } from './item-result.ts'
import { situation, statusAfter, takeFresh, transfer, waiting } from './run-balance.ts'
import { type Tally, tally, tallySeries } from './tally.ts'

/** The answer to a ClaimRequest. */
export interface Claim {
  items: ClaimedItem[]
  status: RunStatus
  /** The run's queued items after this claim. */
  queued: number
  /** The run's current concurrency, over all lanes. */
  concurrency: number
  /** Milliseconds until the next retry is due; null when no item waits for one. */
  dueMs: number | null
}

export interface ClaimRequest {
  lease: string
  /** The maximum of items. */
  limit: number
  /**
   * A client asks: it gets what is to be executed, and workers what is left to score. Without, a worker gets what is to be
   * executed, unless clients execute the run.
   */
  ofClient?: true
}

/** A claim whose answer may be lost: items under the lease that are not in `known` are requeued. */
export interface UncertainClaim {
  lease: string
  known: number[]
}

export interface Written {
  status: RunStatus
  /** In the order of the requests; null for a lease that no lane has any more. */
  answers: (Claim | null)[]
  ended: FinishedCounts
}

/** `writeLedger`, bound to a run. */
export type WriteLedger = (
  results: readonly ItemResult[],
  requests: readonly ClaimRequest[],
  uncertain: readonly UncertainClaim[],
) => Promise<Written>

/**
 * Records results and answers claims, in one transaction. For a finished run it does nothing, and the claims are empty.
 */
export function writeLedger(
  db: Database,
  runId: string,
  results: readonly ItemResult[],
  requests: readonly ClaimRequest[],
  uncertain: readonly UncertainClaim[],
): Promise<Written> {
  return transaction(db.pool, async (client) => {
    const run = await lockRun(client, runId)
    if (run) return advanceLedger(client, run, { results, requests, uncertain })
    return { status: 'CANCELLED', answers: requests.map(() => emptyClaim('CANCELLED')), ended: noDelta }
  })
}

/** The same, in a transaction of the caller that holds the run's lock. */
export async function advanceLedger(
  client: Queryable,
  run: LockedRun,
  {
    results,
    requests,
    uncertain,
  }: {
    results: readonly ItemResult[]
    requests: readonly ClaimRequest[]
    uncertain: readonly UncertainClaim[]
  },
): Promise<Written> {
  const { status } = run
  if (isFinished(status)) return { status, answers: requests.map(() => emptyClaim(status)), ended: noDelta }

  const delta: RunDelta = { ...noDelta, status }
  const recorded = await record(client, run, delta, results)
  for (const { lease, known } of uncertain) {
    const lost = await requeueClaims(client, run.id, lease, known, run.seq + delta.seq)
    if (lost > 0) transfer(delta, lost, 'running', 'queued', run.total)
  }

  const refusal = recorded.find(({ stop }) => stop !== undefined)?.stop
  const limit = stopReason(situation(run, delta), run.settings)
  const reason: Ending | null =
    refusal === undefined
      ? limit && { status: 'STOPPED', stopReason: limit }
      : { status: 'STOPPED', stopReason: 'PROVIDER', stopMessage: refusal }
  if (reason) {
    const ended = await endRun(client, run, reason, delta)
    return { status: ended.status, answers: requests.map(() => emptyClaim(ended.status)), ended }
  }
  const answers = await claim(client, run, delta, requests)
  delta.status = statusAfter(run, delta)
  if (delta.seq > 0 || delta.status !== status) await advanceRun(client, run.id, delta)
  return { status: delta.status, answers, ended: delta }
}

function emptyClaim(status: RunStatus): Claim {
  return { items: [], status, queued: 0, concurrency: 0, dueMs: null }
}

/** @returns the results whose lease still held the item */
async function record(
  client: Queryable,
  run: LockedRun,
  delta: RunDelta,
  results: readonly ItemResult[],
): Promise<readonly ItemResult[]> {
  if (results.length === 0) return results
  const items = results.map((result) => result.item)
  const matched = new Set(await recordResults(client, run.id, items, run.seq))
  const stored = matched.size === results.length ? results : results.filter((_, index) => matched.has(index))
  const kept = await fitUnpinned(client, run, stored)
  const sums = tally(kept)
  Object.assign(delta, sums.run, { seq: results.length })
  if (sums.scores.length > 0 || sums.latencies.length > 0) await recordSums(client, run, kept, sums)
  const responses = kept.flatMap(({ response }) => response ?? [])
  if (responses.length > 0) await saveCachedResponses(client, run.projectId, responses)
  return kept
}

async function recordSums(
  client: Queryable,
  { id: runId, settings: { repetitions } }: LockedRun,
  results: readonly ItemResult[],
  { scores, latencies }: Tally,
): Promise<void> {
  if (repetitions === 1 || scores.length === 0) {
    return recordScores(client, runId, { mode: 'ADD', scores, latencies, ...tallySeries(results) })
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

/** Claims items for each request, retries before fresh items, within the budget, and counts them in `delta`. */
async function claim(
  client: Queryable,
  run: LockedRun,
  delta: RunDelta,
  requests: readonly ClaimRequest[],
): Promise<(Claim | null)[]> {
  const holders = new Set(run.leases)
  const answers = requests.map(({ lease }) => (holders.has(lease) ? emptyClaim('RUNNING') : null))

  const ranges: ClaimRange[] = []
  for (const [index, { lease, limit, ofClient }] of requests.entries()) {
    const answer = answers[index]
    if (!answer) continue
    const scoring = run.remote && !ofClient
    let wanted = scoring ? limit : Math.min(limit, affordableCalls(situation(run, delta), run.settings.budgetUsd))
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
  if (ranges.length > 0) {
    const items = await claimRanges(client, run.id, ranges, run.seq + delta.seq)
    delta.seq += items.length
    const answerOf = new Map(requests.map(({ lease }, index) => [lease, answers[index]]))
    for (const item of items) answerOf.get(item.lease)?.items.push(item)
  }

  const dueMs = requests.length > 0 && waiting(run, delta) > 0 ? await findNextDueMs(client, run.id) : null
  const queued = run.queued + delta.queued
  const { concurrency } = run.settings
  for (const answer of answers) if (answer) Object.assign(answer, { queued, concurrency, dueMs })
  const ofWorkers = answers.filter((answer, index) => answer && run.remote && !requests[index]?.ofClient)
  if (ofWorkers.length > 0) {
    const unscored = await countRecorded(client, run.id)
    for (const answer of ofWorkers) Object.assign(answer as Claim, { queued: unscored, dueMs: null })
  }
  return answers
}
