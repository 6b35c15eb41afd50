import type { Run } from '../src/db/generated/prisma/client.ts'
import type { RunStatsRows } from '../src/db/sql/run/load-followed-run.ts'
import { UserError } from '../src/domain/errors.ts'
import { OutputDiffs } from '../src/domain/text-diff.ts'
import type { Context } from './context.ts'
import { createLoaders } from './loaders.ts'

/**
 * Resolves each event of a subscription as if it were a request of its own: what a loader has seen it never reads again.
 * An error that ended the events is that of the field.
 * @param runsOf the runs that an event brings along; whatever refers to one of them gets it as it is there
 * @param statsOf what their statistics are made from, if the event brings it along; of the same moment as the run
 */
export function perEvent<Event>(
  runsOf: (event: Event) => readonly Run[],
  statsOf: (event: Event) => RunStatsRows | null = () => null,
) {
  return (event: Event | UserError, _args: object, context: Context): Event => {
    if (event instanceof UserError) throw event
    context.loaders = createLoaders(context.services.db, context.scope)
    const stats = statsOf(event)
    for (const run of runsOf(event)) {
      context.loaders.links.keepRun(run)
      if (!stats) continue
      context.loaders.scoreSummaries.prime(run.id, stats.summaries)
      context.loaders.scoreLabels.prime(run.id, stats.labels)
      context.loaders.latencyBuckets.prime(run.id, stats.buckets)
    }
    context.diffs = new OutputDiffs()
    return event
  }
}
