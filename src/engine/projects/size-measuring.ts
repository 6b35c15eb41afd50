import type { Logger } from 'pino'
import type { Database } from '../../db/client.ts'
import { Pruning } from '../../db/pruning.ts'
import { measureDatasets, measureRuns } from '../../db/sql/project/measure-sizes.ts'
import type { Clock } from '../../domain/clock.ts'

/** Runs, and datasets, in one statement. */
const batchSize = 10
const everyMs = 30_000

/** Measures in the background how much projects with a limit of storage store. Several processes may do it at once. */
export class SizeMeasuring extends Pruning {
  /** @param options.clock default: the system's */
  constructor({ db, ...options }: { db: Database; log: Logger; clock?: Clock }) {
    super({ ...options, verb: 'measure', what: 'what projects store', prune: () => measureSizes(db), everyMs })
  }
}

/** @returns whether there may be more */
export async function measureSizes({ pool }: Pick<Database, 'pool'>): Promise<boolean> {
  const measured = Math.max(await measureRuns(pool, batchSize), await measureDatasets(pool, batchSize))
  return measured === batchSize
}
