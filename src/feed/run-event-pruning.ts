import type { Logger } from 'pino'
import type { Database } from '../db/client.ts'
import { Pruning } from '../db/pruning.ts'
import { deleteOldEvents } from '../db/sql/run/run-events.ts'
import type { Clock } from '../domain/clock.ts'

/** Events per statement. */
const batchSize = 1_000

/** Deletes old events of the lists of runs in the background. Safe to run in several processes at once. */
export class RunEventPruning extends Pruning {
  /** @param options.clock default: the system's */
  constructor({ db, ...options }: { db: Database; log: Logger; clock?: Clock }) {
    const prune = async () => (await deleteOldEvents(db.pool, batchSize)) === batchSize
    super({ ...options, what: 'old events', prune })
  }
}
