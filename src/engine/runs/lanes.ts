/**
 * The lanes of a run: shares of its concurrency that workers fetch from the queue. What a lane may do follows from its
 * row and its run; its job in the queue only brings it to a worker.
 */
import type { PgBoss } from 'pg-boss'
import type { Queryable } from '../../db/client.ts'
import { sendLanes } from '../../db/queue.ts'
import { deleteLanes, insertLanes, listLaneIds, resizeLanes } from '../../db/sql/lane/run-lanes.ts'

/** What a lane's job in the queue carries. */
export interface LaneJob {
  runId: string
  laneId: string
  /** The one lane of the run that goes before all that are not. */
  lead: boolean
  /** How many workers in a row could not execute its run. */
  passed?: number
}

/** Items that one lane executes at once, at most. */
export const laneSlots = 10

/** The first lane of a run goes before the others, so that every run has one worker soon. */
export const leadPriority = 1_000

/**
 * Hands lanes to the workers, as part of the client's transaction.
 * @param priority of their run
 * @param startAfter seconds until they may be fetched
 */
export function queueLanes(
  boss: PgBoss,
  client: Queryable,
  lanes: readonly LaneJob[],
  priority: number,
  startAfter = 0,
): Promise<void> {
  const jobs = lanes.map((data) => ({ data, startAfter, priority: priority + (data.lead ? leadPriority : 0) }))
  return sendLanes(boss, client, jobs)
}

/** Gives a run that has no lanes those for `concurrency` items at once. */
export function addLanes(
  boss: PgBoss,
  client: Queryable,
  run: { id: string; priority: number },
  concurrency: number,
): Promise<void> {
  return fillLanes(boss, client, run, concurrency, [])
}

/**
 * Changes a run's lanes to those for `concurrency` items at once; a lane that is not needed any more gets no slots, and
 * its holder ends it. The caller holds the run's lock.
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

/** Replaces all lanes of a run that nothing executes any more; a holder that does not know yet finds its lane gone. */
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

/** All lanes are full but the last. */
function slotsOf(index: number, concurrency: number): number {
  return Math.max(0, Math.min(laneSlots, concurrency - index * laneSlots))
}
