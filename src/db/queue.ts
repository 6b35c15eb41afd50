import { PgBoss } from 'pg-boss'
import type { Database, Queryable } from './client.ts'
import { channels } from './listener.ts'

/** What a lane job carries. */
export interface LaneJob {
  runId: string
  laneId: string
  /** The one lane of the run that goes before all that are not. */
  lead: boolean
  /** How many workers in a row could not execute its run. */
  passed?: number
}

export const laneQueue = 'lane'

/** A worker that has not been heard of for so long has lost its lanes, in seconds. */
export const leaseSeconds = 10

/** Items that one lane executes at once, at most. */
export const laneSlots = 10

/** The first lane of a run goes before the others, so that every run has one worker soon. */
export const leadPriority = 1_000

/** Opens pg-boss on our own pool. It only carries lanes; what is to be done and what is done stands in `run_item`. */
export async function openQueue(db: Database, onError: (error: Error) => void): Promise<PgBoss> {
  const boss = new PgBoss({
    db: queryable(db.pool),
    schema: 'pgboss',
    schedule: false,
    superviseIntervalSeconds: 2,
    monitorIntervalSeconds: 2,
    monitorVacuum: false,
  })
  boss.on('error', onError)
  await boss.start()
  await boss.createQueue(laneQueue, {
    heartbeatSeconds: leaseSeconds,
    // A lane is delivered again for as long as its run wants it; only its completion ends it.
    retryLimit: 1_000_000,
    retryDelay: 0,
    expireInSeconds: 12 * 3600,
    deleteAfterSeconds: 60,
  })
  return boss
}

/** Lets pg-boss run on one of our connections, inside our transaction. */
export function queryable(client: Queryable): {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
} {
  return { executeSql: (text, values) => client.query(text, values) }
}

/** Puts lanes into the queue, as part of the client's transaction, and wakes the workers when it commits. */
export async function sendLanes(
  boss: PgBoss,
  client: Queryable,
  lanes: LaneJob[],
  priority: number,
  startAfter = 0,
): Promise<void> {
  await boss.insert(
    laneQueue,
    lanes.map((data) => ({ data, startAfter, priority: priority + (data.lead ? leadPriority : 0) })),
    { db: queryable(client) },
  )
  await client.query('SELECT pg_notify($1, $2)', [channels.lane, ''])
}
