/**
 * A run as a folder that any file server can serve, or a browser opens from the disk: pages without scripts, the report as
 * JSON, and all items as JSON Lines. Items are streamed, so their number does not matter.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { readJsonLines } from '../../client/lines.ts'
import { makeDirectory } from '../../embedded-postgres/make-directory.ts'
import { CliError } from '../cli-error.ts'
import type { GraphQLClient } from '../graphql-client.ts'
import { openExport } from '../open-export.ts'
import { loadReport, type RunReport } from '../report/load-report.ts'
import { jsonOf } from '../report/print-report.ts'
import { type ExportedItem, fileOf, itemsPage, itemsPerPage, overviewPage, type PagedList } from './pages.ts'

interface Written {
  folder: string
  files: number
}

const worstRegressions = 50

/** @throws {CliError} the folder has something in it, or cannot be written */
export async function writeStaticPages(
  client: GraphQLClient,
  runId: string,
  { folder, project }: { folder: string; project: string | undefined },
): Promise<Written> {
  try {
    await makeDirectory(folder)
    if ((await readdir(folder)).length > 0) {
      throw new CliError(`${resolve(folder)} is not empty: expected an empty or a new folder with --out.`)
    }
    const report = await loadReport(client, runId, { regressions: worstRegressions })
    const allItems = join(folder, 'items.jsonl')
    await pipeline(await openExport(client, `runs/${runId}.jsonl`, project), createWriteStream(allItems))
    const { total, failed } = await countItems(allItems)
    const lists = [listOf('items', 'Items', total), ...(failed > 0 ? [listOf('failed', 'Failed items', failed)] : [])]
    const pages = await writeItems(folder, allItems, report, lists)
    await writeFile(join(folder, 'index.html'), overviewPage(report, lists))
    await writeFile(join(folder, 'report.json'), `${JSON.stringify(jsonOf(report), null, 2)}\n`)
    return { folder: resolve(folder), files: pages + 3 }
  } catch (error) {
    if (error instanceof CliError || !(error as NodeJS.ErrnoException).code) throw error
    throw new CliError(`The pages in ${resolve(folder)} are not complete: ${(error as Error).message}.`)
  }
}

/** Of the file, since a run that is not finished goes on meanwhile. */
async function countItems(file: string): Promise<{ total: number; failed: number }> {
  let total = 0
  let failed = 0
  for await (const { status } of readItems(file)) {
    total += 1
    if (status === 'FAILED') failed += 1
  }
  return { total, failed }
}

function readItems(file: string): AsyncGenerator<ExportedItem> {
  const content = Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>
  return readJsonLines(new Response(content)) as AsyncGenerator<ExportedItem>
}

function listOf(name: string, title: string, items: number): PagedList {
  return { name, title, items, pages: Math.max(1, Math.ceil(items / itemsPerPage)) }
}

async function writeItems(
  folder: string,
  file: string,
  { run }: RunReport,
  lists: readonly PagedList[],
): Promise<number> {
  const filling = lists.map((list) => ({ list, number: 1, items: [] as ExportedItem[] }))
  let files = 0
  const flush = async (page: (typeof filling)[number]) => {
    const name = fileOf(page.list, page.number)
    await writeFile(join(folder, name), itemsPage(run.name, page.list, page.number, page.items))
    files += 1
    page.number += 1
    page.items = []
  }
  for await (const item of readItems(file)) {
    for (const page of filling) {
      if (page.list.name === 'failed' && item.status !== 'FAILED') continue
      if (page.items.length === itemsPerPage) await flush(page)
      page.items.push(item)
    }
  }
  for (const page of filling) if (page.items.length > 0 || page.number === 1) await flush(page)
  return files
}
