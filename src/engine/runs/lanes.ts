/**
 * The lanes of a run: shares of its concurrency that workers fetch from the queue. The lane's row and its run decide
 * what it may do; its job in the queue only delivers it to a worker.
 */
import type { PgBoss } from 'pg-boss'
import type { Queryable } from '../../db/client.ts'
import { sendLanes } from '../../db/queue.ts'
import { deleteLanes, insertLanes, listLaneIds, resizeLanes } from '../../db/sql/lane/run-lanes.ts'
import type { LockedRun } from '../../db/sql/run/lock-run.ts'
import { countRecorded } from '../../db/sql/run-item/claim-items.ts'
import { isRescored } from '../../domain/rescoring.ts'

/** The data of a lane's job in the queue. */
export interface LaneJob {
  runId: string
  laneId: string
  /** The run's first lane: fetched before the other lanes of any run. */
  lead: boolean
}

/** The maximum of items that a lane executes at once. */
export const laneSlots = 10

/** Added to the priority of the lead lane, so that every run has a worker soon. */
export const leadPriority = 1_000

/**
 * Queues lanes for the workers, in the client's transaction.
 * @param priority the run's
 */
export function queueLanes(
  boss: PgBoss,
  client: Queryable,
  lanes: readonly LaneJob[],
  priority: number,
): Promise<void> {
  const jobs = lanes.map((data) => ({ data, priority: priority + (data.lead ? leadPriority : 0) }))
  return sendLanes(boss, client, jobs)
}

/** Creates the lanes for `concurrency` items at once. The run has none yet. */
export function addLanes(
  boss: PgBoss,
  client: Queryable,
  run: { id: string; priority: number },
  concurrency: number,
): Promise<void> {
  return fillLanes(boss, client, run, concurrency, [])
}

/**
 * Adapts a run's lanes to `concurrency` items at once. A surplus lane gets 0 slots, and its holder ends it. The caller
 * holds the run's lock.
 */
export async function setLanes(
  boss: PgBoss,
  client: Queryable,
  run: { id: string; priority: number },
  concurrency: number,
): Promise<void> {
  const present = await listLaneIds(client, run.id)
  const lanes = present.map((id, index) => ({ id, slots: slotsOf(index, concurrency) }))
  if (lanes.length > 0) await resizeLanes(client, lanes)
  await fillLanes(boss, client, run, concurrency, present)
}

/**
 * How much of a run workers may do at once: of one that clients execute they only score what is recorded.
 */
export async function workerConcurrency(
  client: Queryable,
  { id, remote, settings, ...run }: Pick<LockedRun, WorkerShare>,
): Promise<number> {
  if (!remote || isRescored(run)) return settings.concurrency
  const evaluations = run.evaluationsQueued + run.evaluationsRunning
  return Math.min(settings.concurrency, evaluations + (await countRecorded(client, id)))
}

type WorkerShare = 'id' | 'remote' | 'settings' | 'evaluationsQueued' | 'evaluationsRunning' | 'rescoring'

/** Adds lanes until there are enough for `concurrency` items at once. The caller holds the run's lock. */
export async function growLanes(
  boss: PgBoss,
  client: Queryable,
  run: { id: string; priority: number },
  concurrency: number,
): Promise<void> {
  await fillLanes(boss, client, run, concurrency, await listLaneIds(client, run.id))
}

/** Replaces all lanes for workers of a run that has ended. A holder that has not noticed yet finds its lane gone. */
export async function renewLanes(
  boss: PgBoss,
  client: Queryable,
  run: { id: string; priority: number },
  concurrency: number,
): Promise<void> {
  await deleteLanes(client, run.id)
  await addLanes(boss, client, run, concurrency)
}

async function fillLanes(
  boss: PgBoss,
  client: Queryable,
  run: { id: string; priority: number },
  concurrency: number,
  present: readonly string[],
): Promise<void> {
  const missing = Math.ceil(concurrency / laneSlots) - present.length
  if (missing <= 0) return
  const slots = Array.from({ length: missing }, (_, n) => slotsOf(present.length + n, concurrency))
  const added = await insertLanes(client, run.id, slots)
  const lanes = added.map((laneId, n) => ({ runId: run.id, laneId, lead: present.length + n === 0 }))
  await queueLanes(boss, client, lanes, run.priority)
}

/** Every lane but the last has `laneSlots`. */
function slotsOf(index: number, concurrency: number): number {
  return Math.max(0, Math.min(laneSlots, concurrency - index * laneSlots))
}
