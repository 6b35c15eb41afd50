import { CliError } from './cli-error.ts'
import { followRun, type RunItemState } from './follow-run.ts'
import type { GraphQLClient } from './graphql-client.ts'
import type { ProgressLine } from './progress.ts'
import { progressNote, type ReportedRun } from './run-report.ts'

/**
 * Shows the progress of a run until it ends.
 * @param onItem receives every item that changed, in its latest state
 * @returns the run in its final state
 */
export async function watchRun(
  client: GraphQLClient,
  runId: string,
  line: ProgressLine,
  onItem: (item: RunItemState) => void,
): Promise<ReportedRun> {
  let last: ReportedRun | undefined
  for await (const { run, items } of followRun(client, runId)) {
    if (!run) throw new CliError('The run was deleted.')
    items.forEach(onItem)
    const { total, queued, running } = run.progress
    line.update(total - queued - running, total, progressNote(run))
    last = run
  }
  if (!last) throw new CliError(`${client.url} ended the feed of run ${runId} without an event.`)
  return last
}
