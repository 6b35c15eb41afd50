/** `assay import`: imports a file of any size into a dataset. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { Command, Option } from 'commander'
import { declaredFormat, importFormats } from '../engine/datasets/import-format.ts'
import { type Tool, tools } from '../importers/import-results.ts'
import { CliError, UsageError } from './cli-error.ts'
import { type ImportColumns, importFile } from './import-file.ts'
import { importResultsFile } from './import-results.ts'
import { jsonOption, printJson } from './output.ts'
import { openProgress } from './progress.ts'
import { type ServerOptions, withServer, withServerOptions } from './with-server.ts'

interface ImportOptions extends Omit<ImportColumns, 'json'>, ServerOptions {
  dataset?: string
  from?: Tool
  format?: string
  delimiter?: string
  jsonColumns?: string[]
  json: boolean
}

export function importCommand(): Command {
  const command = new Command('import')
    .description('Import JSON Lines, a JSON array or CSV into a dataset; all of the file or nothing.')
    .argument('<file>', 'path of the file, or - for standard input')
    .option('--dataset <name>', 'the dataset; created if it does not exist')
    .addOption(new Option('--from <tool>', 'results of another tool, with their runs and scores').choices(tools))
    .addOption(columns('--input <column...>', 'input of the task (default: input)'))
    .addOption(columns('--expected <column...>', 'expected output (default: expected, target, answer …)'))
    .addOption(columns('--key <column>', 'identifies items in later imports (default: key or id)'))
    .addOption(columns('--tags <column>', 'a list, or comma-separated text (default: tags)'))
    .addOption(columns('--metadata <column...>', 'what else to keep (default: all other columns)'))
    .addOption(columns('--json-columns <column...>', 'CSV columns whose cells are JSON'))
    .addOption(new Option('--format <format>', 'default: detected').choices(importFormats))
    .option('--delimiter <character>', 'of CSV, or "tab" (default: detected)')
  return withServerOptions(command)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Columns are named, or reached by a dotted path (--input request.question). Several columns make an object.
Importing the same file again changes nothing; a changed row updates its item. Every change creates a dataset version.

Examples:
  $ assay import tickets.jsonl --dataset tickets
  $ assay import gsm8k.jsonl --dataset gsm8k --input question --expected answer
  $ assay import faq.csv --dataset faq --input question language --expected answer --key id
  $ zcat big.jsonl.gz | assay import - --dataset big
  $ assay import results.json --from promptfoo`,
    )
    .action((file: string, options: ImportOptions) => {
      if (options.from) return importResultsFile(file, { ...options, from: options.from })
      if (options.dataset === undefined) throw new UsageError('Name the dataset: --dataset <name>.')
      return importInto(file, { ...options, dataset: options.dataset })
    })
}

/** An option whose values accumulate when it is repeated. */
function columns(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, earlier: string[] | undefined) => [
    ...(earlier ?? []),
    value,
  ])
}

async function importInto(file: string, options: ImportOptions & { dataset: string }): Promise<void> {
  const { dataset, format, delimiter, url, project, dataDir, json, jsonColumns, ...columns } = options
  const size = file === '-' ? null : await sizeOf(file)
  const progress = openProgress()
  const line = progress.add(file === '-' ? 'standard input' : basename(file))
  try {
    const summary = await withServer({ url, project, dataDir }, ({ client }) =>
      importFile({
        url: client.url,
        project,
        dataset,
        columns: { ...columns, json: jsonColumns },
        format: format ?? declaredFormat({ name: file }),
        delimiter,
        source: file === '-' ? process.stdin : createReadStream(file),
        onProgress: (bytes, rows) => line.update(bytes, size, `${megabytes(bytes)} sent, ${rows} rows read`),
      }),
    )
    line.update(1, 1, summary.rows === 1 ? '1 row' : `${summary.rows} rows`)
    progress.stop()
    if (json) return printJson(summary)
    const { added, changed, unchanged, version } = summary
    process.stdout.write(
      `Dataset "${summary.dataset}" is at version ${version}: ${added} added, ${changed} changed, ${unchanged} unchanged.\n${describeColumns(summary.columns)}`,
    )
  } finally {
    progress.stop()
  }
}

/** What became of the columns: `input ← question, expected ← answer`. */
function describeColumns(columns: Record<string, string[]>): string {
  const parts = Object.entries(columns).flatMap(([part, names]) =>
    names.length > 0 ? `${part} ← ${names.join(', ')}` : [],
  )
  return parts.length === 0 ? '' : `${parts.join('; ')}\n`
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new CliError(
      error.code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read: ${error.message}`,
    )
  })
  if (!found.isFile()) throw new CliError(`${file} is not a file.`)
  return found.size
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
