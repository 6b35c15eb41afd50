/** `assay gate`: whether a run is good enough, as an exit status. */
import { Command } from 'commander'
import { CliError } from './cli-error.ts'
import { findBaseline, findRun, runReferences } from './find-run.ts'
import { type GateOptions, gateOf, withGateOptions } from './gate-options.ts'
import { gateNotation } from './gate-rules.ts'
import { jsonOption } from './output.ts'
import { loadReport } from './report/load-report.ts'
import { finishWith, type ReportFiles, withReportFiles } from './report/print-report.ts'
import { type ServerOptions, withServer, withServerOptions } from './with-server.ts'

type Options = ServerOptions & ReportFiles & GateOptions & { json: boolean }

export function gateCommand(): Command {
  const command = new Command('gate')
    .description('Check whether a finished run is good enough.')
    .argument('<run>', 'the run')
  return withServerOptions(withReportFiles(withGateOptions(command)))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `${runReferences}

${gateNotation}
A run that did not complete, a value that is unknown and a score that items lack never pass.

Exit status: 0 the gate passed, 1 an error, 2 wrong options or arguments, 100 the gate failed.

Examples:
  $ assay gate latest
  $ assay gate latest --baseline approved --gate "correct>=baseline-0.02" --gate "failure-rate<=0.01"
  $ assay gate latest --junit assay.xml --markdown comment.md`,
    )
    .action((reference: string, options: Options) => check(reference, options))
}

async function check(reference: string, options: Options): Promise<void> {
  const gate = gateOf(options)
  process.exitCode = await withServer(options, async ({ client }) => {
    const { id } = await findRun(client, reference)
    const baseline = options.baseline === undefined ? null : await findBaseline(client, options.baseline, id)
    const report = await loadReport(client, id, { gate, baselineId: baseline?.id })
    if (!report.run.gate) {
      throw new CliError(
        `The experiment "${report.run.experiment.name}" has no gate: say with --gate what the run has to fulfil.`,
      )
    }
    if (report.run.gate.status === 'PENDING') {
      throw new CliError(
        `The run is ${report.run.status}: wait for it with \`assay watch ${id}\`, which checks the gate.`,
      )
    }
    return finishWith(report, options)
  })
}
