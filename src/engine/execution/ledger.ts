/**
 * The transactions that move a run: results in, claims out, counters, sums, `seq` and the NOTIFY with them, all under
 * the lock of the run's row.
 */
import { type Database, type Queryable, transaction } from '../../db/client.ts'
import { saveCachedResponses } from '../../db/sql/response-cache/cached-responses.ts'
import { advanceRun, noDelta, type RunDelta } from '../../db/sql/run/advance-run.ts'
import { type LockedRun, lockRun } from '../../db/sql/run/lock-run.ts'
import { cancelItems } from '../../db/sql/run-item/cancel-items.ts'
import {
  type ClaimedItem,
  type ClaimRange,
  claimDue,
  claimRanges,
  findNextDueMs,
} from '../../db/sql/run-item/claim-items.ts'
import { recordResults } from '../../db/sql/run-item/record-results.ts'
import { requeueClaims } from '../../db/sql/run-item/requeue-claims.ts'
import { addClusters } from '../../db/sql/score/add-clusters.ts'
import { recordScores } from '../../db/sql/score/record-scores.ts'
import { isFinished, type RunStatus } from '../../domain/run.ts'
import { affordableCalls, type RunSituation, stopReason } from '../../domain/stop-rules.ts'
import type { ItemResult } from './item-result.ts'
import { tally } from './tally.ts'

/** What a lane is given when it asks for work. */
export interface Claim {
  items: ClaimedItem[]
  status: RunStatus
  /** Items of the run that are queued after this claim. */
  queued: number
  /** In how many milliseconds the next waiting item is due; null when none waits. */
  dueMs: number | null
}

export interface ClaimRequest {
  lease: string
  /** How many items at most. */
  limit: number
}

/** How many items a transaction brought to their end. */
export type FinishedCounts = Pick<RunDelta, 'succeeded' | 'failed' | 'cancelled'>

/** Claims whose answer may have got lost: what stands under a lease and is not among `known` goes back to the queue. */
export interface UncertainClaim {
  lease: string
  known: number[]
}

/**
 * Writes how claims ended and hands out new ones, in the order of the requests; null answers a lease that its lane has
 * no more. A run that is over takes and gives nothing.
 */
export function writeLedger(
  db: Database,
  runId: string,
  results: readonly ItemResult[],
  requests: readonly ClaimRequest[],
  uncertain: readonly UncertainClaim[],
): Promise<{ status: RunStatus; answers: (Claim | null)[]; ended: FinishedCounts }> {
  return transaction(db.pool, async (client) => {
    const run = await lockRun(client, runId)
    const status = run?.status ?? 'CANCELLED'
    if (!run || isFinished(status)) return { status, answers: requests.map(() => emptyClaim(status)), ended: noDelta }

    const delta: RunDelta = { ...noDelta, status }
    await record(client, runId, run, delta, results)
    for (const { lease, known } of uncertain) {
      const lost = await requeueClaims(client, runId, lease, known, run.seq + delta.seq)
      if (lost > 0) transfer(delta, lost, 'running', 'queued', run.total)
    }

    let answers: (Claim | null)[]
    const reason = stopReason(situation(run, delta), run.settings)
    if (reason) {
      await cancelItems(client, runId, run.seq + delta.seq)
      const { queued, running } = situation(run, delta)
      transfer(delta, queued, 'queued', 'cancelled', 0)
      transfer(delta, running, 'running', 'cancelled', run.total)
      Object.assign(delta, { status: 'STOPPED', stopReason: reason })
      answers = requests.map(() => emptyClaim('STOPPED'))
    } else {
      answers = await claim(client, runId, run, delta, requests)
      const { queued, running } = situation(run, delta)
      // Retrying the failed items of a cancelled run leaves those it never executed: it is as cancelled as before.
      if (queued + running === 0) delta.status = run.cancelled > 0 ? 'CANCELLED' : 'COMPLETED'
      else if (running > 0) delta.status = 'RUNNING'
    }
    if (delta.seq > 0 || delta.status !== status) await advanceRun(client, runId, delta)
    return { status: delta.status, answers, ended: delta }
  })
}

function emptyClaim(status: RunStatus): Claim {
  return { items: [], status, queued: 0, dueMs: null }
}

/** The run as it will be when the delta is applied. */
function situation(run: LockedRun, delta: RunDelta): RunSituation {
  return {
    total: run.total,
    queued: run.queued + delta.queued,
    running: run.running + delta.running,
    succeeded: run.succeeded + delta.succeeded,
    failed: run.failed + delta.failed,
    costSum: run.costSum + delta.costSum,
    costCount: run.costCount + delta.costCount,
    costMax: delta.costMax === null ? run.costMax : Math.max(run.costMax ?? 0, delta.costMax),
  }
}

/** Notes that `count` items went from one state to another and took `places` of the feed, one each unless told otherwise. */
function transfer(
  delta: RunDelta,
  count: number,
  from: 'queued' | 'running',
  to: 'queued' | 'running' | 'cancelled',
  places = count,
): void {
  delta.seq += places
  delta[from] -= count
  delta[to] += count
}

async function record(
  client: Queryable,
  runId: string,
  run: LockedRun,
  delta: RunDelta,
  results: readonly ItemResult[],
): Promise<void> {
  if (results.length === 0) return
  const items = results.map((result) => result.item)
  const matched = new Set(await recordResults(client, runId, items, run.seq))
  const kept = matched.size === results.length ? results : results.filter((_, place) => matched.has(place))
  const sums = tally(kept)
  Object.assign(delta, sums.run, { seq: results.length })
  if (sums.scores.length > 0 || sums.latencies.length > 0) await recordScores(client, runId, sums)
  const { repetitions } = run.settings
  if (repetitions > 1 && sums.scores.length > 0) await addClusters(client, runId, repetitions, sums.scores)
  const responses = kept.flatMap(({ response }) => response ?? [])
  if (responses.length > 0) await saveCachedResponses(client, runId, responses)
}

/** Gives each request its items, waiting ones before fresh ones, as far as the budget allows, and notes it in `delta`. */
async function claim(
  client: Queryable,
  runId: string,
  run: LockedRun,
  delta: RunDelta,
  requests: readonly ClaimRequest[],
): Promise<(Claim | null)[]> {
  const holders = new Set(run.leases)
  const answers = requests.map(({ lease }) => (holders.has(lease) ? emptyClaim('RUNNING') : null))
  const waiting = () => run.queued + delta.queued - (run.total - run.nextOrdinal - delta.nextOrdinal)

  const ranges: ClaimRange[] = []
  for (const [index, { lease, limit }] of requests.entries()) {
    const answer = answers[index]
    if (!answer) continue
    let wanted = Math.min(limit, affordableCalls(situation(run, delta), run.settings.budgetUsd))
    if (waiting() > 0 && wanted > 0) {
      const due = await claimDue(client, runId, lease, wanted, run.seq + delta.seq)
      answer.items.push(...due)
      transfer(delta, due.length, 'queued', 'running')
      wanted -= due.length
    }
    const from = run.nextOrdinal + delta.nextOrdinal
    const count = Math.min(wanted, run.total - from)
    if (count > 0) {
      ranges.push({ lease, from, count })
      delta.nextOrdinal += count
      delta.queued -= count
      delta.running += count
    }
  }
  if (ranges.length > 0) {
    const items = await claimRanges(client, runId, ranges, run.seq + delta.seq)
    delta.seq += items.length
    const answerOf = new Map(requests.map(({ lease }, index) => [lease, answers[index]]))
    for (const item of items) answerOf.get(item.lease)?.items.push(item)
  }

  const dueMs = requests.length > 0 && waiting() > 0 ? await findNextDueMs(client, runId) : null
  for (const answer of answers) if (answer) Object.assign(answer, { queued: run.queued + delta.queued, dueMs })
  return answers
}
