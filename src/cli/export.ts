/** `assay export`: a run or a dataset as a file, or a run as a folder of pages. */
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { Command, Option } from 'commander'
import { CliError, UsageError } from './cli-error.ts'
import { findRun, runReferences } from './find-run.ts'
import { graphql } from './gql/gql.ts'
import type { GraphQLClient } from './graphql-client.ts'
import { openExport } from './open-export.ts'
import { jsonOption, printJson, say } from './output.ts'
import { wholeNumber } from './whole-number.ts'
import { type ServerOptions, withServer, withServerOptions } from './with-server.ts'

const FindDatasetToExport = graphql(/* GraphQL */ `
  query FindDatasetToExport($name: String!) {
    dataset(name: $name) { id }
  }
`)

interface ExportOptions extends ServerOptions {
  dataset?: string
  datasetVersion?: number
  format: 'jsonl' | 'csv' | 'zip'
  static: boolean
  out?: string
  json: boolean
}

export function exportCommand(): Command {
  const command = new Command('export')
    .description('Write a run or a dataset to a file, or a run to a folder of pages.')
    .argument('[run]', 'the run')
    .addOption(new Option('--dataset <name>', 'a dataset instead of a run').conflicts('static'))
    .addOption(
      new Option('--dataset-version <number>', 'the version of the dataset (default: the current one)').argParser(
        wholeNumber(0, 999_999_999),
      ),
    )
    .addOption(
      new Option('--format <format>', 'zip: a dataset with its files')
        .choices(['jsonl', 'csv', 'zip'])
        .default('jsonl'),
    )
    .addOption(new Option('--static', 'pages that any file server can serve').default(false))
    .addOption(new Option('--out <path>', 'the file, or with --static the folder (default: standard output)'))
  return withServerOptions(command)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `${runReferences}
The JSON Lines of a dataset are what \`assay import\` reads.

Examples:
  $ assay export latest > run.jsonl
  $ assay export latest --format csv --out run.csv
  $ assay export --dataset questions --dataset-version 3 --out questions.jsonl
  $ assay export --static latest --out site`,
    )
    .action((reference: string | undefined, options: ExportOptions) => {
      if ((reference === undefined) === (options.dataset === undefined)) {
        throw new UsageError(`Expected either a run or --dataset, got ${reference === undefined ? 'neither' : 'both'}.`)
      }
      if (options.datasetVersion !== undefined && options.dataset === undefined) {
        throw new UsageError('--dataset-version: expected --dataset with it.')
      }
      if (options.static && options.out === undefined) throw new UsageError('--static: expected --out with the folder.')
      if (options.format === 'zip' && options.dataset === undefined) {
        throw new UsageError('--format zip is for datasets: a run is exported as jsonl or csv.')
      }
      return withServer(options, ({ client }) => exportTo(client, reference, options))
    })
}

async function exportTo(client: GraphQLClient, reference: string | undefined, options: ExportOptions): Promise<void> {
  const { project, format, out, datasetVersion, json } = options
  if (reference !== undefined && options.static) {
    const { writeStaticPages } = await import('./static/write-pages.ts')
    const run = await findRun(client, reference)
    const written = await writeStaticPages(client, run.id, { folder: out ?? '', project })
    if (json) printJson(written)
    else say(`${written.files} files in ${written.folder}: open index.html, or put the folder on any file server.`)
    return
  }
  const path =
    reference === undefined
      ? `datasets/${await datasetId(client, options.dataset ?? '')}.${format}`
      : `runs/${(await findRun(client, reference)).id}.${format}`
  const response = await openExport(
    client,
    datasetVersion === undefined ? path : `${path}?version=${datasetVersion}`,
    project,
  )
  const file = out === undefined || out === '-' ? null : createWriteStream(out)
  try {
    // What reads standard output may have enough.
    await pipeline(response, file ?? process.stdout, { end: file !== null })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EPIPE' && file === null) return
    throw new CliError(`The export to ${out ?? 'standard output'} is not complete: ${message}.`)
  }
  if (json && file) printJson({ file: out })
}

async function datasetId(client: GraphQLClient, name: string): Promise<string> {
  const { dataset } = await client.request(FindDatasetToExport, { name })
  if (!dataset) throw new CliError(`There is no dataset named "${name}" in this project.`)
  return dataset.id
}
