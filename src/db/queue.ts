import { type JobWithMetadata, PgBoss } from 'pg-boss'
import type { Database, Queryable } from './client.ts'
import { channels, notify } from './listener.ts'

export const laneQueue = 'lane'

/** A worker that sends no heartbeat for this many seconds loses its lanes. */
export const leaseSeconds = 10

/**
 * Opens pg-boss on our pool. It only delivers lanes; the state of the work is in `run_item`.
 * @param supervises whether this process looks every 2 s for lanes whose worker is gone; some worker must. Default: yes
 */
export async function openQueue(
  db: Database,
  onError: (error: Error) => void,
  { supervises = true }: { supervises?: boolean } = {},
): Promise<PgBoss> {
  const boss = new PgBoss({
    db: queryable(db.pool),
    schema: 'pgboss',
    schedule: false,
    supervise: supervises,
    superviseIntervalSeconds: 2,
    monitorIntervalSeconds: 2,
    monitorVacuum: false,
  })
  boss.on('error', onError)
  await boss.start()
  await boss.createQueue(laneQueue, {
    heartbeatSeconds: leaseSeconds,
    // A lane is redelivered for as long as its run needs it; only completion ends it.
    retryLimit: 1_000_000,
    retryDelay: 0,
    expireInSeconds: 12 * 3600,
    deleteAfterSeconds: 60,
  })
  return boss
}

/** Lets pg-boss use one of our connections, inside our transaction. */
export function queryable(client: Queryable): {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
} {
  return { executeSql: (text, values) => client.query(text, values) }
}

/** A message of the queue. */
export interface QueuedLane {
  data: { runId: string }
  /** Higher priorities are fetched first. */
  priority: number
}

/** Which lanes a worker fetches. */
export interface LaneFetch {
  /** The maximum of lanes. */
  batchSize: number
  /** Default: any. */
  minPriority?: number
  /** Runs whose lanes are left in the queue. */
  ignoredRuns: readonly string[]
}

/** Enqueues lanes in the client's transaction and wakes the workers on commit. */
export async function sendLanes(boss: PgBoss, client: Queryable, lanes: readonly QueuedLane[]): Promise<void> {
  const jobs = lanes.map(({ data, priority }) => ({ data, priority, group: { id: data.runId } }))
  await boss.insert(laneQueue, jobs, { db: queryable(client) })
  await notify(client, channels.lane)
}

/** Takes lanes from the queue, those with the highest priority first. */
export function fetchLanes<Data>(
  boss: PgBoss,
  { ignoredRuns, ...options }: LaneFetch,
): Promise<JobWithMetadata<Data>[]> {
  const ignoreGroups = ignoredRuns.length > 0 ? [...ignoredRuns] : null
  return boss.fetch<Data>(laneQueue, { ...options, ignoreGroups, includeMetadata: true })
}
