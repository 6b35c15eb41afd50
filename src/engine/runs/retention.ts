import type { Logger } from 'pino'
import { type Database, transaction } from '../../db/client.ts'
import { Pruning } from '../../db/pruning.ts'
import {
  findOldOutputs,
  findUnkeptRuns,
  lockFreeRuns,
  setOutputsRemoved,
} from '../../db/sql/retention/retained-runs.ts'
import { advanceFeeds } from '../../db/sql/run/advance-run.ts'
import { deleteRunRows } from '../../db/sql/run/delete-run.ts'
import { lockRun } from '../../db/sql/run/lock-run.ts'
import { removeOutputs } from '../../db/sql/run-item/remove-outputs.ts'
import type { Clock } from '../../domain/clock.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'

/** Runs and outputs of one transaction. */
const runsPerBatch = 100
const outputsPerBatch = 5_000

interface RetentionOptions {
  db: Database
  log: Logger
  /** Default: the system's. */
  clock?: Clock
  /** The moment that ages are measured at; default: the present one. */
  now?: () => Date
  /** Outputs of one transaction; default 5,000. */
  outputsPerBatch?: number
}

/**
 * Applies the retention rules of the projects in the background, in batches: deletes runs that they do not keep, and removes
 * outputs that they do not. Unfinished runs stay as they are, and so do baselines of datasets and of runs that are being
 * executed. Safe in several processes: each batch locks its runs and looks again whether the rules apply.
 */
export class Retention extends Pruning {
  constructor({ db, now = () => new Date(), outputsPerBatch: size = outputsPerBatch, ...options }: RetentionOptions) {
    const prune = async () =>
      (await deleteUnkeptRuns(db, options.log)) || (await removeOldOutputs(db, options.log, now(), size))
    super({ ...options, what: 'what projects do not keep', prune })
  }
}

/** @returns whether there may be more */
async function deleteUnkeptRuns({ pool }: Database, log: Logger): Promise<boolean> {
  const found = await findUnkeptRuns(pool, null, runsPerBatch)
  if (found.length === 0) return false
  const deleted = await transaction(pool, async (client) => {
    const locked = await lockFreeRuns(
      client,
      found.map(({ id }) => id),
    )
    const ids = (await findUnkeptRuns(client, locked, runsPerBatch)).map(({ id }) => id)
    await deleteRunRows(client, ids)
    return ids
  })
  if (deleted.length > 0) {
    log.info({ runIds: deleted.map((id) => encodeGlobalId('Run', id)) }, 'retention: deleted runs')
  }
  return found.length === runsPerBatch && deleted.length > 0
}

/** @returns whether there may be more */
async function removeOldOutputs({ pool }: Database, log: Logger, now: Date, size: number): Promise<boolean> {
  const found = await findOldOutputs(pool, null, now)
  if (!found) return false
  const { runId } = found
  await transaction(pool, async (client) => {
    const run = await lockRun(client, runId)
    const old = await findOldOutputs(client, runId, now)
    if (!run || !old) return
    const to = Math.min(old.from + size, old.total)
    await removeOutputs(client, runId, { from: old.from, to, seq: run.seq })
    await setOutputsRemoved(client, runId, to, now)
    await advanceFeeds(client, [{ runId, count: to - old.from }])
    if (to === old.total) log.info({ runId: encodeGlobalId('Run', runId) }, 'retention: removed the outputs of a run')
  })
  return true
}
