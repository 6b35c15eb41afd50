import type { Run } from '../src/db/generated/prisma/client.ts'
import { OutputDiffs } from '../src/domain/text-diff.ts'
import type { Context } from './context.ts'
import { createLoaders } from './loaders.ts'

/**
 * Resolves each event of a subscription like a request of its own, with fresh loaders.
 * @param runsOf the runs that an event contains; links to one of them resolve to the row in the event
 */
export function perEvent<Event>(runsOf: (event: Event) => readonly Run[]) {
  return (event: Event, _args: object, context: Context): Event => {
    context.loaders = createLoaders(context.services.db, context.scope)
    for (const run of runsOf(event)) context.loaders.links.keepRun(run)
    context.diffs = new OutputDiffs()
    return event
  }
}
