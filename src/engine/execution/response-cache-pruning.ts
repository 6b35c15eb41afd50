import type { Logger } from 'pino'
import type { Database } from '../../db/client.ts'
import { Pruning } from '../../db/pruning.ts'
import { deleteOldResponses } from '../../db/sql/response-cache/cached-responses.ts'
import type { Clock } from '../../domain/clock.ts'

/** How long a response is reused. */
const days = 30
/** Of the outputs of one project. */
const maxBytes = 2 * 1024 ** 3
/** Rows per statement. */
const limit = 10_000

/** Deletes cached responses that are old, and the oldest of too many, in the background. Safe in several processes. */
export class ResponseCachePruning extends Pruning {
  /**
   * @param options.maxBytes of the outputs that a project may have in the cache; default 2 GB
   * @param options.clock default: the system's
   */
  constructor({ db, ...options }: { db: Database; log: Logger; maxBytes?: number; clock?: Clock }) {
    const limits = { days, maxBytes, limit, ...options }
    super({
      ...options,
      what: 'old responses',
      prune: async () => (await deleteOldResponses(db.pool, limits)) >= limit,
    })
  }
}
