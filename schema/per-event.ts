import type { Run } from '../src/db/generated/prisma/client.ts'
import type { RunStatsRows } from '../src/db/sql/run/load-followed-run.ts'
import { UserError } from '../src/domain/errors.ts'
import { OutputDiffs } from '../src/domain/text-diff.ts'
import type { FeedPosition } from '../src/feed/position.ts'
import type { Context } from './context.ts'
import { createLoaders } from './loaders.ts'

/**
 * Resolves each event of a subscription like a request of its own, with fresh loaders. An error that ended the events
 * becomes the error of the field.
 * @param runsOf the runs that an event contains; links to one of them resolve to the row in the event
 * @param statsOf the rows that the statistics of these runs are computed from, if the event contains them
 */
export function perEvent<Event extends { position: FeedPosition }>(
  runsOf: (event: Event) => readonly Run[],
  statsOf: (event: Event) => RunStatsRows | null = () => null,
) {
  return (event: Event | UserError, _args: object, context: Context): Event => {
    if (event instanceof UserError) throw event
    context.position = event.position
    context.loaders = createLoaders(context.services.db, context.scope)
    const stats = statsOf(event)
    for (const run of runsOf(event)) {
      context.loaders.links.keepRun(run)
      if (!stats) continue
      const ofRun = ({ runId }: { runId: string }) => runId === run.id
      const [summaries, buckets] = [stats.summaries.filter(ofRun), stats.buckets.filter(ofRun)]
      context.loaders.runSummaries.prime(run.id, { runId: run.id, summaries, buckets })
      context.loaders.scoreLabels.prime(run.id, stats.labels.filter(ofRun))
    }
    context.diffs = new OutputDiffs()
    return event
  }
}
