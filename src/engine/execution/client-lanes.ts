/**
 * Lanes that clients hold. A client is a remote lane: it claims items under a lease, executes them in its own process
 * and records the results, through the same ledger as the lanes of workers. A lease that is not renewed expires, and its
 * items go back to the queue; a result that arrives after that still counts, unless somebody else has got the item.
 */
import { type Queryable, transaction } from '../../db/client.ts'
import {
  addClientLane,
  deleteClientLane,
  deleteExpiredLanes,
  findExpiredRuns,
  listClientLeases,
  type RenewedLane,
  renewClientLane,
} from '../../db/sql/lane/client-lanes.ts'
import { noDelta } from '../../db/sql/run/advance-run.ts'
import { type LockedRun, lockRun } from '../../db/sql/run/lock-run.ts'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import { InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import { parseLeaseMs, shareOf } from '../../domain/execution/client-lease.ts'
import { isFinished, type RunStatus } from '../../domain/run.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import { allowClaim } from '../limits/client-claims.ts'
import type { Services } from '../services.ts'
import { advanceLedger } from './ledger.ts'
import { requeueLease } from './requeue.ts'

/** A client's lane after a request. */
export interface ClientLane {
  runId: string
  /** Null when it has none any more: its next claim gets another. */
  lease: string | null
  /** How many items it may execute at once. */
  concurrency: number
  status: RunStatus
}

export interface ClaimRunItemsInput {
  runId: string
  /** Null for the first claim. A lease that has expired is replaced. */
  lease?: string | null
  /** At most so many items: 1–1,000. */
  limit: number
  leaseMs: number
  /** The items that the client holds under the lease, when the answer to an earlier claim may be lost: others go back. */
  holding?: readonly number[] | null
}

export interface ClientItem extends ClaimedItem {
  /** In how many milliseconds it may be started: limits per minute space calls out. */
  startAfterMs: number
}

/** Claimed items and when to ask again. */
export interface ClientClaim extends ClientLane {
  items: ClientItem[]
  /** Items of the run that nobody has claimed, those that wait for another attempt included. */
  queued: number
  /** Without items: milliseconds after which there may be some; null with items, and in a finished run. */
  retryAfterMs: number | null
}

const maxClaim = 1_000
/** When to ask again: not later, because other clients may give items back. */
const maxPauseMs = 1_000
/** When to ask again while the budget, a limit or the number of clients leaves no call to this one. */
const pauseMs = 200

/**
 * Claims items of a run whose task clients execute. The first claim opens the client's lane.
 * @throws {InvalidInputError} a run of another task, or a limit or lease out of range
 * @throws {NotFoundError} no such run
 */
export async function claimRunItems(services: Services, scope: Scope, input: ClaimRunItemsInput): Promise<ClientClaim> {
  const { runId, limit, holding } = input
  const leaseMs = parseLeaseMs(input.leaseMs, ['leaseMs'])
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= maxClaim)) {
    throw new InvalidInputError(`limit: expected a whole number from 1 to ${maxClaim}, got ${limit}`, ['limit'])
  }
  const { ended, ...claim } = await withClientRun(services, scope, runId, async (client, found) => {
    if (isFinished(found.status)) {
      return { ...over(runId, found.status), items: [], queued: 0, retryAfterMs: null, ended: noDelta }
    }
    const lane = await openClientLane(client, found, input.lease ?? null, leaseMs)
    const { run, lease } = lane
    const known = holding && lease === input.lease ? [{ lease, known: { items: holding, evaluations: [] } }] : []
    const allowed = await allowClaim(client, run, limit)
    const concurrency = Math.min(lane.concurrency, allowed.concurrency)
    const request = { lease, limit: allowed.limit, ofClient: true as const }
    const requests = concurrency > 0 ? [request] : []
    const { status, answers, ended } = await advanceLedger(client, run, { results: [], requests, uncertain: known })
    const { items = [], queued = 0, dueMs = null } = answers[0] ?? {}
    const startsMs = await allowed.take(items.length)
    const waits = items.length === 0 && !isFinished(status)
    const nextMs = allowed.retryAfterMs ?? dueMs
    const dueAfterMs = nextMs === null ? (queued > 0 ? pauseMs : maxPauseMs) : Math.max(Math.ceil(nextMs), 1)
    const retryAfterMs = waits ? Math.min(dueAfterMs, maxPauseMs) : null
    const started = items.map((item, index) => ({ ...item, startAfterMs: startsMs[index] ?? 0 }))
    return { runId, lease, concurrency, status, items: started, queued, retryAfterMs, ended }
  })
  services.metrics.ended(ended)
  return claim
}

/**
 * Keeps a client's claims for another `leaseMs`.
 * @returns a null lease when the lane is gone: its items went back to the queue, or the run has finished
 * @throws as {@link claimRunItems}
 */
export async function renewRunLease(
  services: Services,
  scope: Scope,
  input: { runId: string; lease: string; leaseMs: number },
): Promise<ClientLane> {
  requireWrite(scope)
  const { runId, lease } = input
  const leaseMs = parseLeaseMs(input.leaseMs, ['leaseMs'])
  const { status } = await findClientRun(services, scope, runId)
  const renewed = isLease(lease) ? await renewClientLane(services.db.pool, runId, lease, leaseMs) : null
  if (!renewed || isFinished(renewed.status)) return over(runId, renewed?.status ?? status)
  return { runId, lease, concurrency: shareIn(renewed, lease), status: renewed.status }
}

/**
 * Ends a client's lane: the items it has not recorded go back to the queue at once, and the interrupted calls do not
 * count as attempts.
 * @throws as {@link claimRunItems}
 */
export function releaseRunLease(
  services: Services,
  scope: Scope,
  { runId, lease }: { runId: string; lease: string },
): Promise<ClientLane> {
  return withClientRun(services, scope, runId, async (client, run) => {
    const held = isLease(lease) && (await deleteClientLane(client, runId, lease))
    if (held && !isFinished(run.status)) {
      await requeueLease(client, run, lease)
    }
    return over(runId, run.status)
  })
}

/** Requeues the items of clients that have not renewed their leases in time, in all runs. */
export async function expireClients({ db }: Pick<Services, 'db'>): Promise<void> {
  for (const runId of await findExpiredRuns(db.pool)) {
    await transaction(db.pool, async (client) => {
      const run = await lockRun(client, runId)
      if (run) await requeueExpired(client, run)
    })
  }
}

/** Runs `work` in a transaction that holds the lock of a run whose task clients execute. */
export function withClientRun<T>(
  services: Services,
  scope: Scope,
  runId: string,
  work: (client: Queryable, run: LockedRun) => Promise<T>,
): Promise<T> {
  requireWrite(scope)
  return transaction(services.db.pool, async (client) => {
    const run = await lockRun(client, runId, scope.projectId)
    if (!run) throw noSuchRun()
    if (!run.remote) throw notOfClients()
    return work(client, run)
  })
}

/**
 * The lane of a client under the run's lock, renewed; another one if it has none or has lost it.
 * @returns also the run as it is after the items of expired clients were requeued
 */
export async function openClientLane(
  client: Queryable,
  found: LockedRun,
  asked: string | null,
  leaseMs: number,
): Promise<{ run: LockedRun; lease: string; concurrency: number }> {
  const held = asked !== null && isLease(asked) && (await renewClientLane(client, found.id, asked, leaseMs)) !== null
  const lease = held ? asked : await addClientLane(client, found.id, leaseMs)
  const run = await requeueExpired(client, found)
  const leases = await listClientLeases(client, run.id)
  const { concurrency } = run.settings
  return { run: { ...run, leases: [...run.leases, lease] }, lease, concurrency: shareOf(lease, leases, concurrency) }
}

/** The caller holds the run's lock. @returns the run as it is afterwards */
async function requeueExpired(client: Queryable, run: LockedRun): Promise<LockedRun> {
  let { seq, queued, running } = run
  for (const lease of await deleteExpiredLanes(client, run.id)) {
    if (isFinished(run.status)) continue
    const { items } = await requeueLease(client, { ...run, seq }, lease)
    if (items > 0) seq += run.total
    queued += items
    running -= items
  }
  return { ...run, seq, queued, running }
}

async function findClientRun({ db }: Services, { projectId }: Scope, id: string): Promise<{ status: RunStatus }> {
  const run = await db.prisma.run.findUnique({ where: { id, projectId }, select: { status: true, task: true } })
  if (!run) throw noSuchRun()
  if ((run.task as { kind?: string }).kind !== 'client') throw notOfClients()
  return run
}

function shareIn({ leases, concurrency }: RenewedLane, lease: string): number {
  return shareOf(lease, leases.includes(lease) ? leases : [...leases, lease], concurrency)
}

function over(runId: string, status: RunStatus): ClientLane {
  return { runId, lease: null, concurrency: 0, status }
}

/** Leases are opaque to clients, and anything may come back as one. */
function isLease(text: string): boolean {
  return /^\d{1,18}$/.test(text)
}

function noSuchRun(): NotFoundError {
  return new NotFoundError('There is no such run in this project.', ['runId'])
}

function notOfClients(): InvalidInputError {
  return new InvalidInputError('Expected a run of a task that clients execute, got one that workers execute.', [
    'runId',
  ])
}
