import type { Logger } from 'pino'
import type { Database } from '../../db/client.ts'
import { Pruning } from '../../db/pruning.ts'
import { deleteLeftRows } from '../../db/sql/run/delete-run.ts'
import type { Clock } from '../../domain/clock.ts'

/** Rows per second and statement. */
const batchSize = 20_000
const everyMs = 10_000

/** Deletes the items and scores of deleted runs in the background. Safe to run in several processes at once. */
export class DeletedRunPruning extends Pruning {
  /** @param options.clock default: the system's */
  constructor({ db, ...options }: { db: Database; log: Logger; clock?: Clock }) {
    const prune = async () => (await deleteLeftRows(db.pool, batchSize)) >= batchSize
    super({ ...options, what: 'what deleted runs have left', prune, everyMs })
  }
}
