import { CliError } from './cli-error.ts'
import type { FoundRun } from './find-run.ts'
import { followRun, type RunItemState } from './follow-run.ts'
import type { GraphQLClient } from './graphql-client.ts'
import { openProgress, type ProgressLine } from './progress.ts'
import { progressNote, type ReportedRun } from './run-report.ts'
import type { Connection } from './with-server.ts'

/**
 * Shows the progress of a run until it ends.
 * @param onItem receives every item that changed, in its latest state
 * @returns the run in its final state
 */
export async function watchRun(
  client: GraphQLClient,
  runId: string,
  line: ProgressLine,
  onItem: (item: RunItemState) => void = () => {},
): Promise<ReportedRun> {
  let last: ReportedRun | undefined
  const show = (run: ReportedRun, note: string) => {
    const { total, queued, running } = run.progress
    line.update(total - queued - running, total, note)
  }
  const onLost = () => {
    if (last) show(last, `waiting for ${client.url} to come back`)
    else line.update(0, null, `waiting for ${client.url} to come back`)
  }
  for await (const { run, items } of followRun(client, runId, onLost)) {
    if (!run) throw new CliError('The run was deleted.')
    items.forEach(onItem)
    show(run, progressNote(run))
    last = run
  }
  if (!last) throw new CliError(`${client.url} ended the feed of run ${runId} without an event.`)
  return last
}

/** Watches a run to its end in the terminal, and says on Ctrl-C how to come back. */
export async function watchToEnd(
  connection: Connection,
  { id, name, url }: Pick<FoundRun, 'id' | 'name' | 'url'>,
): Promise<void> {
  const progress = openProgress()
  connection.onInterrupt = () => {
    progress.stop()
    return connection.isOwn
      ? `The run goes on where it was with \`assay watch ${id}\`, or as soon as \`assay serve\` is started.`
      : `The run continues on the server: ${url}\nCome back with \`assay watch ${id}\`, or end it with \`assay cancel ${id}\`.`
  }
  try {
    await watchRun(connection.client, id, progress.add(name))
  } finally {
    progress.stop()
  }
  connection.onInterrupt = () => `The run has ended: \`assay show ${id}\` shows its result.`
}
