/** `assay import --from`: results of other tools. */
import { Assay, AssayError } from '../client/index.ts'
import { FormatError, type ImportedResults, importResults, type Tool } from '../importers/import-results.ts'
import { CliError } from './cli-error.ts'
import { printJson } from './output.ts'
import { openProgress } from './progress.ts'
import { type ServerOptions, withServer } from './with-server.ts'

interface ImportResultsOptions extends ServerOptions {
  from: Tool
  dataset?: string
  json: boolean
}

export async function importResultsFile(file: string, options: ImportResultsOptions): Promise<void> {
  const { project, from, dataset } = options
  const progress = openProgress()
  const line = progress.add(file)
  try {
    const imported = await withServer(options, ({ client }) => {
      const assay = new Assay({ url: client.url, offlineMs: 3_000, ...(project !== undefined && { project }) })
      return importResults(assay, file, {
        from,
        ...(dataset !== undefined && { dataset }),
        onProgress: (done, total) => line.update(done, total, `${done} of ${total} results`),
      })
    })
    progress.stop()
    if (options.json) printJson(summary(imported))
    else process.stdout.write(report(imported))
  } catch (error) {
    if (error instanceof FormatError || error instanceof AssayError) throw new CliError(error.message, { cause: error })
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new CliError(`There is no file ${file}.`, { cause: error })
    throw error
  } finally {
    progress.stop()
  }
}

function summary({ dataset: { id, name, version, added, changed, itemIds }, runs, left }: ImportedResults) {
  return {
    dataset: { id, name, version, items: itemIds.length, added, changed },
    runs: runs.map(({ run: { id, name, status, url, progress, stats }, isKnown }) => {
      return { id, name, status, url, progress, scores: stats.scores, importedBefore: isKnown }
    }),
    notTakenOver: left.map(([what, count]) => ({ what, count })),
  }
}

function report({ dataset, runs, left }: ImportedResults): string {
  const lines = [
    `Dataset "${dataset.name}" is at version ${dataset.version}: ${dataset.itemIds.length} items of the file, ${dataset.added} added, ${dataset.changed} changed.`,
  ]
  for (const { run, isKnown } of runs) {
    const { total, succeeded, failed, cancelled } = run.progress
    const scores = run.stats.scores.map(({ name, mean, count, errorCount }) => {
      const errors = errorCount > 0 ? `, ${errorCount} without a value` : ''
      return `${name} ${mean === null ? '–' : Number(mean.toPrecision(4))} (n = ${count}${errors})`
    })
    const missing = cancelled > 0 ? `, ${cancelled} not executed` : ''
    lines.push(
      `Run "${run.name}" ${isKnown ? 'was imported before' : run.status}: ${total} items, ${succeeded} succeeded, ${failed} failed${missing}`,
      ...(scores.length > 0 ? [`  ${scores.join('; ')}`] : []),
      `  ${run.url}`,
    )
  }
  if (left.length > 0) lines.push('Not taken over:', ...left.map(([what, count]) => `  ${count} × ${what}`))
  return `${lines.join('\n')}\n`
}
