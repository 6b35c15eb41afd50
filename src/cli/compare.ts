/** `assay compare`: whether runs are better than a baseline, and on which items they are not. */
import { Command, Option } from 'commander'
import { CliError, exitStatus, UsageError } from './cli-error.ts'
import { findBaseline, findRun, runReferences } from './find-run.ts'
import type { GraphQLClient } from './graphql-client.ts'
import { jsonOption, oneLine, printJson, printLine } from './output.ts'
import { count, shortened } from './report/figures.ts'
import { type Change, type ChangedItem, changedItems, loadReport, type RunReport } from './report/load-report.ts'
import { printComparison, type ReportFiles, withReportFiles, writeReports } from './report/print-report.ts'
import { wholeNumber } from './whole-number.ts'
import { type ServerOptions, withServer, withServerOptions } from './with-server.ts'

const changes = { regressed: 'REGRESSED', improved: 'IMPROVED', changed: 'CHANGED' } as const satisfies Record<
  string,
  Change
>

interface CompareOptions extends ServerOptions, ReportFiles {
  only?: keyof typeof changes
  limit: number
  cluster?: string
  json: boolean
}

export function compareCommand(): Command {
  const command = new Command('compare')
    .description('Compare runs of one dataset with a baseline, item by item.')
    .argument('<baseline>', 'the run to compare with; "approved": the baseline of the dataset')
    .argument('<candidate...>', '1–10 runs')
    .addOption(new Option('--only <change>', 'show the items whose scores are').choices(Object.keys(changes)))
    .addOption(
      new Option('--limit <number>', 'items of each score and candidate, 1–100')
        .argParser(wholeNumber(1, 100))
        .default(10),
    )
    .addOption(
      new Option(
        '--cluster <path>',
        'items with the same value at this path of their metadata belong together: passage, or customer.id (default: as the dataset says)',
      ),
    )
  return withServerOptions(withReportFiles(command))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `${runReferences}
Every verdict has its 95 % interval and the number of items with a value in both runs (docs/statistics.md).
With --json, items come aligned: input, expected output, both outputs and both scores in one object.

Examples:
  $ assay compare approved latest
  $ assay compare "before" "after" --only regressed
  $ assay compare approved latest --only regressed --json`,
    )
    .action((baseline: string, candidates: string[], options: CompareOptions) =>
      withServer(options, ({ client }) => compareRuns(client, baseline, candidates, options)),
    )
}

async function compareRuns(
  client: GraphQLClient,
  baselineReference: string,
  references: readonly string[],
  options: CompareOptions,
): Promise<void> {
  if (references.length > 10) throw new UsageError(`Expected 1 to 10 candidates, got ${references.length}.`)
  const candidates = await Promise.all(references.map((reference) => findRun(client, reference)))
  const [first] = candidates
  if (!first) return
  const baseline = await findBaseline(client, baselineReference, first.id)
  const reports: RunReport[] = []
  const items: ChangedItem[][] = []
  for (const { id, name } of candidates) {
    if (id === baseline.id) throw new CliError(`"${name}" is the baseline itself.`)
    const report = await loadReport(client, id, {
      baselineId: baseline.id,
      regressions: options.limit,
      clusterPath: options.cluster?.split('.'),
    })
    const compared = { baselineId: baseline.id, candidateId: id, metrics: report.metrics }
    const only = options.only && changes[options.only]
    reports.push(report)
    items.push(only ? await changedItems(client, compared, { only, first: options.limit }) : [])
  }
  await writeReports(reports, options)
  if (options.json) {
    printJson({
      baseline,
      candidates: reports.map(({ run, metrics, dependence }, index) => ({
        run: { id: run.id, name: run.name, url: run.url, status: run.status },
        metrics,
        dependence,
        ...(options.only && { items: items[index] }),
      })),
    })
  } else {
    for (const [index, report] of reports.entries()) print(report, items[index] ?? [], options)
  }
  process.exitCode = exitStatus.passed
}

function print(report: RunReport, items: readonly ChangedItem[], { only }: CompareOptions): void {
  printLine(`${oneLine(report.run.name)}  ${report.run.url}`.trimEnd())
  printComparison(report)
  if (!only) return
  printLine(
    `${count(items.length, `${only} item`)}${items.length > 0 ? ', the largest change of each score first' : ''}`,
  )
  for (const item of items) {
    printLine(`  ${oneLine(item.item)}: ${oneLine(item.score)} ${oneLine(item.before)} → ${oneLine(item.after)}`)
    const parts = { input: item.input, expected: item.expectedOutput, before: item.outputBefore, now: item.outputAfter }
    for (const [part, text] of Object.entries(parts)) {
      if (text !== null) printLine(`    ${part.padEnd(8)}  ${shortened(oneLine(text), 160)}`)
    }
    if (item.url !== '') printLine(`    ${item.url}`)
  }
}
