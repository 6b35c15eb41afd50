import type { Run } from '../src/db/generated/prisma/client.ts'
import { UserError } from '../src/domain/errors.ts'
import { OutputDiffs } from '../src/domain/text-diff.ts'
import type { Context } from './context.ts'
import { createLoaders } from './loaders.ts'

/**
 * Resolves each event of a subscription as if it were a request of its own: what a loader has seen it never reads again.
 * An error that ended the events is that of the field.
 * @param runsOf the runs that an event brings along; whatever refers to one of them gets it as it is there
 */
export function perEvent<Event>(runsOf: (event: Event) => readonly Run[]) {
  return (event: Event | UserError, _args: object, context: Context): Event => {
    if (event instanceof UserError) throw event
    context.loaders = createLoaders(context.services.db, context.scope)
    for (const run of runsOf(event)) context.loaders.links.keepRun(run)
    context.diffs = new OutputDiffs()
    return event
  }
}
