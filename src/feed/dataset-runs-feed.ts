import type { Database } from '../db/client.ts'
import type { Run } from '../db/generated/prisma/client.ts'
import type { RunChanges } from '../db/run-changes.ts'
import { loadWatchedRuns } from '../db/sql/run/load-watched-runs.ts'
import { NotFoundError } from '../domain/errors.ts'
import { isFinished } from '../domain/run.ts'
import type { Scope } from '../domain/scope.ts'
import { abortedPromise, WakeUp } from './wake-up.ts'

/** However busy a run is, it is shown no more often than this. */
const paceMs = 250

/**
 * The runs of a dataset as they come and move: first those that are not over, then each one whenever it changed, coalesced.
 * Ends when the signal aborts or the process stops.
 *
 * @throws {NotFoundError} the project has no such dataset
 */
export async function* datasetRuns(
  db: Database,
  changes: RunChanges,
  scope: Scope,
  datasetId: string,
  signal: AbortSignal,
): AsyncGenerator<Run> {
  const dataset = await db.prisma.dataset.findFirst({
    where: { id: datasetId, projectId: scope.projectId },
    select: { id: true },
  })
  if (!dataset) throw new NotFoundError('There is no such dataset in this project.', ['datasetId'])

  const news = new WakeUp(paceMs)
  const changed = new Set<string>()
  const shown = new Map<string, { seq: number; over: boolean }>()
  const off = changes.on((runId) => {
    if (runId !== null) changed.add(runId)
    news.wake()
  })
  const ended = abortedPromise(AbortSignal.any([signal, changes.stopped]))
  try {
    while (!ended.aborted) {
      const next = news.next()
      // The notification that a run shown as unfinished has ended may be lost.
      const ids = [...changed, ...[...shown].filter(([, { over }]) => !over).map(([id]) => id)]
      changed.clear()
      for (const run of await loadWatchedRuns(db.pool, datasetId, ids)) {
        if (ended.aborted) return
        const before = shown.get(run.id)
        const over = isFinished(run.status)
        if (before && before.seq === run.seq && before.over === over) continue
        shown.set(run.id, { seq: run.seq, over })
        yield run
      }
      await Promise.race([next, ended.promise])
    }
  } finally {
    ended.dispose()
    off()
  }
}
