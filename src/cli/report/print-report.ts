/** Shows a report in the terminal, and writes it to the files that were asked for. */
import { existsSync } from 'node:fs'
import { access, constants, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Command, Option } from 'commander'
import { CliError, exitStatus } from '../cli-error.ts'
import { mark, oneLine, printJson, printLine } from '../output.ts'
import { runTable } from '../run-report.ts'
import { dependenceSentence } from './dependence-sentence.ts'
import { count, metricName } from './figures.ts'
import { junitOf } from './junit.ts'
import { isPassed, type RunReport, telling } from './load-report.ts'
import { markdownOf } from './markdown.ts'
import { verdictSentence } from './verdict-sentence.ts'

export interface ReportFiles {
  junit?: string
  markdown?: string
}

/** Adds the options for what continuous integration shows. */
export function withReportFiles(command: Command): Command {
  return command
    .addOption(new Option('--junit <file>', 'write the result as JUnit XML'))
    .addOption(new Option('--markdown <file>', 'write the result as Markdown, for a comment'))
}

/**
 * Before a run that may take hours.
 * @throws {CliError} there is no folder for a file, or it cannot be written
 */
export async function checkReportFiles({ junit, markdown }: ReportFiles): Promise<void> {
  for (const file of [junit, markdown]) {
    if (file === undefined) continue
    await access(existsSync(file) ? file : dirname(file), constants.W_OK).catch((error: Error) => {
      throw new CliError(`Cannot write ${file}: ${error.message}.`)
    })
  }
}

/** @throws {CliError} when a file cannot be written */
export async function writeReports(reports: readonly RunReport[], { junit, markdown }: ReportFiles): Promise<void> {
  const write = async (file: string, text: string) => {
    await writeFile(file, text).catch((error: Error) => {
      throw new CliError(`Cannot write ${file}: ${error.message}.`)
    })
  }
  if (junit !== undefined) await write(junit, junitOf(reports))
  if (markdown !== undefined) await write(markdown, markdownOf(reports))
}

/**
 * Prints a report and writes its files.
 * @returns the exit status: whether the gate passed, else whether the run completed and something succeeded
 */
export async function finishWith(report: RunReport, options: ReportFiles & { json: boolean }): Promise<number> {
  if (options.json) printJson(jsonOf(report))
  else printReport(report)
  await writeReports([report], options)
  if (isPassed(report.run)) return exitStatus.passed
  return report.run.gate ? exitStatus.gateFailed : exitStatus.error
}

/** What `--json` prints. */
export function jsonOf(report: RunReport): object {
  return { passed: isPassed(report.run), ...report }
}

function printReport(report: RunReport): void {
  const { run } = report
  printLine(runTable([run], [run.name]))
  if (run.stopMessage) printLine(oneLine(run.stopMessage))
  for (const { code, count: items } of run.stats.failures) printLine(`${count(items, 'item')} failed with ${code}`)
  printComparison(report)
  if (!run.gate) return
  printLine(`gate ${run.gate.status}`)
  for (const { passed, reason } of run.gate.checks) printLine(`  ${mark(passed)} ${oneLine(reason)}`)
}

/** The verdicts as sentences, and how many items regressed. */
export function printComparison({ run, baseline, metrics, dependence, regressions }: RunReport): void {
  if (!baseline) return
  printLine(`Compared with ${oneLine(baseline.name)}:`)
  for (const metric of telling(metrics)) {
    printLine(`  ${oneLine(metricName(metric.metric))} is ${verdictSentence(metric)}.`)
  }
  for (const one of dependence) printLine(oneLine(`  Careful: ${dependenceSentence(one)}.`))
  if (regressions.length > 0) {
    printLine(`The regressed items: assay compare ${baseline.id} ${run.id} --only regressed`)
  }
}
