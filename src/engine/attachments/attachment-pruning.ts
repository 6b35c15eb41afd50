import type { Logger } from 'pino'
import type { Database } from '../../db/client.ts'
import { Pruning } from '../../db/pruning.ts'
import { deleteUnusedAttachments } from '../../db/sql/attachment/collect.ts'
import { unusedAttachmentHours } from '../../domain/attachment/limits.ts'
import type { Clock } from '../../domain/clock.ts'

/** Files per statement; each can have 20 MB. */
const batchSize = 20

/** Deletes files that no item has used for a day, in the background. Safe to run in several processes at once. */
export class AttachmentPruning extends Pruning {
  /** @param options.clock default: the system's */
  constructor({ db, ...options }: { db: Database; log: Logger; clock?: Clock }) {
    const prune = async () => (await deleteUnusedAttachments(db.pool, unusedAttachmentHours, batchSize)) >= batchSize
    super({ ...options, what: 'unused attachments', prune })
  }
}
