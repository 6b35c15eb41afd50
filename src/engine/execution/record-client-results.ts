/**
 * Records what clients have executed, through the ledger. The number of the attempt identifies a call: a result that is
 * sent again changes nothing, one of a lost lease still counts unless somebody else has got the item, and no item gets
 * two results.
 */
import type { Queryable } from '../../db/client.ts'
import { advanceRun, noDelta } from '../../db/sql/run/advance-run.ts'
import type { LockedRun } from '../../db/sql/run/lock-run.ts'
import { countRecorded } from '../../db/sql/run-item/claim-items.ts'
import { type ClaimState, loadClaims, reclaimItems } from '../../db/sql/run-item/client-claims.ts'
import { InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import { parseLeaseMs } from '../../domain/execution/client-lease.ts'
import { decideRetry } from '../../domain/execution/retry-policy.ts'
import { isFinished } from '../../domain/run.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import { requireCount } from '../bulk.ts'
import { settleClientTokens } from '../limits/client-claims.ts'
import { growLanes } from '../runs/lanes.ts'
import type { Services } from '../services.ts'
import { type ClientLane, openClientLane, withClientRun } from './client-lanes.ts'
import { type ClientResult, type ClientResultInput, parseResults } from './client-result.ts'
import { type ItemResult, scored, withoutResult, withSpent } from './item-result.ts'
import { advanceLedger } from './ledger.ts'
import { isOfServer } from './run-plan.ts'

export interface RecordRunItemsInput {
  runId: string
  /** That of the claims. One that has expired is replaced. */
  lease: string
  leaseMs: number
  /** 1–1,000 different items. */
  results: readonly ClientResultInput[]
}

/**
 * What became of a result: it is the item's (DONE), the item will be executed again after a failed attempt (RETRY), the
 * evaluators of the server score it now (SCORING), or it is dropped, because the item is no longer the client's or the
 * run has finished (LOST). A result that was recorded before has the outcome that it has now.
 */
export type RecordOutcome = 'DONE' | 'RETRY' | 'SCORING' | 'LOST'

export interface RecordedResults extends ClientLane {
  /** In the order of the results. */
  outcomes: RecordOutcome[]
}

/**
 * Records the results of claimed items, with the scores of the client's own evaluators, and keeps the client's claims.
 * @throws {InvalidInputError} a result or score that cannot be stored, or a run of another task; nothing is recorded then
 * @throws {NotFoundError} no such run or item
 * @throws {ForbiddenError} the role may only read
 */
export async function recordRunItems(
  services: Services,
  scope: Scope,
  input: RecordRunItemsInput,
): Promise<RecordedResults> {
  requireWrite(scope)
  const { runId } = input
  requireCount(input.results.length, ['results'])
  const leaseMs = parseLeaseMs(input.leaseMs, ['leaseMs'])
  const { results, evaluators, isOpen } = await parseResults(services, scope, input)
  const toScore = evaluators.some(isOfServer)
  if (toScore) requireLatencies(results)
  const startedAt = performance.now()
  const recorded = await withClientRun(services, scope, runId, async (client, found) => {
    if (isFinished(found.status)) {
      const states = await loadStates(client, runId, results)
      const outcomes = results.map((result) => outcomeNow(stateOf(states, result), result) ?? 'LOST')
      return {
        answer: { runId, lease: null, concurrency: 0, status: found.status, outcomes },
        ended: noDelta,
        retries: 0,
      }
    }
    // It was resumed since the results were checked.
    if (!isOpen) return null
    const opened = await openClientLane(client, found, input.lease, leaseMs)
    const states = await loadStates(client, runId, results)
    const held = await holdItems(client, opened, { results, states })
    const outcomes: RecordOutcome[] = []
    const written: ItemResult[] = []
    for (const result of results) {
      const state = stateOf(states, result)
      const lease = held.leaseOf(state)
      if (lease === null) {
        outcomes.push(outcomeNow(state, result) ?? 'LOST')
        continue
      }
      const { outcome, item } = itemResult(result, { ...state, lease }, held.run, toScore)
      outcomes.push(outcome)
      written.push(item)
    }
    const { status, ended } = await advanceLedger(client, held.run, { results: written, requests: [], uncertain: [] })
    await settleClientTokens(client, found, tokensOf(written))
    const { evaluationsQueued: begun = 0 } = ended
    if ((outcomes.includes('SCORING') || begun > 0) && !isFinished(status)) {
      const backlog = Math.min(found.settings.concurrency, begun + (await countRecorded(client, runId)))
      await growLanes(services.boss, client, found, backlog)
    }
    const { lease, concurrency } = opened
    const retries = outcomes.filter((outcome) => outcome === 'RETRY').length
    return {
      answer: { runId, lease: isFinished(status) ? null : lease, concurrency, status, outcomes },
      ended,
      retries,
    }
  })
  if (recorded === null) return recordRunItems(services, scope, input)
  const { answer, ended, retries } = recorded
  services.metrics.flushed({
    seconds: (performance.now() - startedAt) / 1_000,
    results: results.length,
    retries,
    ended,
  })
  return answer
}

/** Evaluators of the server are told how long the task took. */
function requireLatencies(results: readonly ClientResult[]): void {
  const without = results.find(({ latencyMs, error }) => latencyMs === null && error === null)
  if (!without) return
  throw new InvalidInputError('Expected a latency, because evaluators of the server score this run, got nothing.', [
    ...without.path,
    'latencyMs',
  ])
}

async function loadStates(
  client: Queryable,
  runId: string,
  results: readonly ClientResult[],
): Promise<Map<number, ClaimState>> {
  const states = await loadClaims(
    client,
    runId,
    results.map(({ ordinal }) => ordinal),
  )
  return new Map(states.map((state) => [state.ordinal, state]))
}

function stateOf(states: Map<number, ClaimState>, { ordinal, path }: ClientResult): ClaimState {
  const state = states.get(ordinal)
  if (!state) throw new NotFoundError('There is no such item in this run.', [...path, 'runItemId'])
  return state
}

/**
 * The leases under which the items can be recorded. Items that went back to the queue with an expired lease are claimed
 * again, as long as nobody else has got them.
 */
async function holdItems(
  client: Queryable,
  { run, lease }: { run: LockedRun; lease: string },
  { results, states }: { results: readonly ClientResult[]; states: Map<number, ClaimState> },
): Promise<{ run: LockedRun; leaseOf: (state: ClaimState) => string | null }> {
  const leases = new Map<number, string>()
  const late: number[] = []
  for (const result of results) {
    const state = stateOf(states, result)
    if (state.attempts !== result.attempt || state.recorded) continue
    if (state.status === 'RUNNING' && state.lease === lease) leases.set(result.ordinal, lease)
    if (state.status === 'QUEUED' && !isRetry(state, result)) {
      leases.set(result.ordinal, lease)
      late.push(result.ordinal)
    }
  }
  const leaseOf = ({ ordinal }: ClaimState) => leases.get(ordinal) ?? null
  if (late.length === 0) return { run, leaseOf }
  await reclaimItems(client, run.id, lease, late)
  const moved = { queued: -late.length, running: late.length }
  await advanceRun(client, run.id, { ...noDelta, ...moved, status: run.status })
  return { run: { ...run, queued: run.queued - late.length, running: run.running + late.length }, leaseOf }
}

/** The item is queued because this very attempt was recorded as failed. */
function isRetry({ error }: ClaimState, { attempt }: ClientResult): boolean {
  return error?.attempt === attempt
}

/** The outcome of a result that was recorded before; null when it was not. */
function outcomeNow(state: ClaimState, result: ClientResult): RecordOutcome | null {
  if (state.attempts !== result.attempt) return null
  if (state.status === 'SUCCEEDED' || state.status === 'FAILED') return 'DONE'
  if (state.recorded) return 'SCORING'
  return state.status === 'QUEUED' && isRetry(state, result) ? 'RETRY' : null
}

/** Input and output tokens that the calls are known to have used. */
function tokensOf(written: readonly ItemResult[]): number {
  return written.reduce((sum, { spent }) => sum + (spent.inputTokens ?? 0) + (spent.outputTokens ?? 0), 0)
}

function itemResult(
  result: ClientResult,
  claim: ClaimState & { lease: string },
  { settings }: LockedRun,
  toScore: boolean,
): { outcome: RecordOutcome; item: ItemResult } {
  const { attempts, excused, costUsd } = claim
  const { latencyMs, inputTokens, outputTokens, traceId, scores } = result
  const spent = { costUsd: result.costUsd, inputTokens, outputTokens }
  const ended = { ...withoutResult(claim), ...withSpent(claim, spent), latencyMs, traceId }
  const call = { spent, hadCost: costUsd !== null, scores: [] }
  if (result.error) {
    const { code, message, retryable, retryAfterMs } = result.error
    const error = { code, message, retryable, attempt: attempts }
    const retry = decideRetry(
      { code, retryable, retryAfterMs },
      { attempts, excused },
      settings.maxAttempts,
      Math.random,
    )
    if (!retry) return { outcome: 'DONE', item: { ...call, item: { ...ended, error, status: 'FAILED' } } }
    const { delayMs, spendsAttempt } = retry
    const next = { ...ended, error, status: 'QUEUED' as const, excused: spendsAttempt ? excused : excused + 1, delayMs }
    return { outcome: 'RETRY', item: { ...call, item: next } }
  }
  const { output } = result
  if (toScore) {
    const recorded = { output, latencyMs: latencyMs as number, ...spent, traceId, scores }
    return { outcome: 'SCORING', item: { ...call, item: { ...ended, status: 'QUEUED', recorded } } }
  }
  const own = scored(scores.map((score) => ({ ...score, ordinal: claim.ordinal })))
  const { evaluatorCostUsd } = own
  const item = { ...ended, output, evaluatorCostUsd, status: 'SUCCEEDED' as const }
  return { outcome: 'DONE', item: { ...call, item, scores: own.scores } }
}
