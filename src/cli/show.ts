/** `assay show`: what became of a run. */
import { Command } from 'commander'
import { findBaseline, findRun, runReferences } from './find-run.ts'
import { type GateOptions, gateOf, withGateOptions } from './gate-options.ts'
import { jsonOption, oneLine, printLine } from './output.ts'
import { loadReport } from './report/load-report.ts'
import { finishWith, type ReportFiles, withReportFiles } from './report/print-report.ts'
import { type ServerOptions, withServer, withServerOptions } from './with-server.ts'

type ShowOptions = ServerOptions & ReportFiles & GateOptions & { json: boolean }

export function showCommand(): Command {
  const command = new Command('show').description('Show a run as it is now.').argument('<run>', 'the run')
  return withServerOptions(withReportFiles(withGateOptions(command)))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `${runReferences}
The exit status is 0 whatever became of it; \`assay gate\` judges.

Examples:
  $ assay show latest
  $ assay show latest --json | jq .run.stats.scores`,
    )
    .action((reference: string, options: ShowOptions) => show(reference, options))
}

async function show(reference: string, options: ShowOptions): Promise<void> {
  const gate = gateOf(options)
  await withServer(options, async ({ client }) => {
    const { id } = await findRun(client, reference)
    const baseline = options.baseline === undefined ? null : await findBaseline(client, options.baseline, id)
    const report = await loadReport(client, id, { gate, baselineId: baseline?.id })
    if (!options.json) {
      const { run } = report
      printLine(
        `${oneLine(run.name)}, of ${oneLine(run.experiment.name)} on ${oneLine(run.dataset.name)} version ${run.datasetVersion}`,
      )
      if (run.url !== '') printLine(run.url)
      if (run.metadata != null) printLine(oneLine(`metadata ${JSON.stringify(run.metadata)}`))
    }
    await finishWith(report, options)
  })
}
