/** `assay watch`: follows a run to its end, from wherever it is. */
import { Command } from 'commander'
import { findBaseline, findRun, runReferences } from './find-run.ts'
import { patiently } from './follow-run.ts'
import { type GateOptions, gateOf, withGateOptions } from './gate-options.ts'
import { jsonOption, say } from './output.ts'
import { loadReport } from './report/load-report.ts'
import { checkReportFiles, finishWith, type ReportFiles, withReportFiles } from './report/print-report.ts'
import { watchToEnd } from './watch-run.ts'
import { type ServerOptions, withServer, withServerOptions } from './with-server.ts'

type WatchOptions = ServerOptions & ReportFiles & GateOptions & { json: boolean }

export function watchCommand(): Command {
  const command = new Command('watch')
    .description('Follow a run to its end and show its result.')
    .argument('<run>', 'the run')
  return withServerOptions(withReportFiles(withGateOptions(command)))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `${runReferences}
Ctrl-C only stops watching. Without a terminal, progress is a line every few seconds on stderr.
Exits as \`assay run\` does.

Examples:
  $ assay watch latest
  $ assay watch latest --baseline approved --markdown comment.md`,
    )
    .action((reference: string, options: WatchOptions) => watch(reference, options))
}

async function watch(reference: string, options: WatchOptions): Promise<void> {
  const gate = gateOf(options)
  await checkReportFiles(options)
  process.exitCode = await withServer(
    options,
    async (connection) => {
      const { client } = connection
      const run = await findRun(client, reference)
      const baseline = options.baseline === undefined ? null : await findBaseline(client, options.baseline, run.id)
      if (!client.isTemporary) say(run.url)
      await watchToEnd(connection, run)
      const report = await patiently(() => loadReport(client, run.id, { gate, baselineId: baseline?.id }))
      return finishWith(report, options)
    },
    { executes: true },
  )
}
