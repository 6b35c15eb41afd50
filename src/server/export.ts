/**
 * GET /export/datasets/<id>.jsonl|csv|zip (`?version=`) and GET /export/runs/<id>.jsonl|csv. Any number of rows is streamed
 * page by page, at the client's pace; an error midway aborts the response instead of ending it normally. An unfinished
 * run is exported page by page as well, so later rows may be newer than earlier ones.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { rawId } from '../../schema/relay/global-id.ts'
import type { Queryable } from '../db/client.ts'
import { explainRefusal } from '../db/explain-refusal.ts'
import { loadScoreSummaries } from '../db/sql/run/load-run-stats.ts'
import { type ExportedRunItem, loadExportPage } from '../db/sql/run-item/load-export-page.ts'
import { StatementScope } from '../db/statement-scope.ts'
import { InvalidInputError, NotFoundError, UserError } from '../domain/errors.ts'
import type { Scope } from '../domain/scope.ts'
import { datasetNotFound } from '../engine/datasets/datasets.ts'
import { eachItem, maxPageRows } from '../engine/datasets/each-item.ts'
import { resolveVersion } from '../engine/datasets/resolve-version.ts'
import type { Services } from '../engine/services.ts'
import { contentDisposition } from './content-disposition.ts'
import {
  datasetItemWriter,
  type ExportFormat,
  exportFormats,
  mediaTypes,
  type RowWriter,
  runItemWriter,
} from './export-rows.ts'
import { zipOfItems } from './export-zip.ts'
import type { RequestOfCaller } from './import.ts'
import { respondUserError } from './user-error.ts'

/** Characters per chunk of the response. */
const chunkLength = 64 * 1024

interface Export {
  /** Of the file. */
  name: string
  mediaType: string
  /** The bytes, whose reads of the database are statements of this scope. */
  open: (statements: StatementScope) => Readable
}

/** Responds to user errors itself; rejects on internal errors, before anything was sent. */
export async function respondExport(
  request: IncomingMessage,
  response: ServerResponse,
  { services, scope, client, gone }: RequestOfCaller,
): Promise<void> {
  const statements = new StatementScope({ group: client, kind: 'READ', signal: gone })
  let found: Export
  try {
    found = await statements.run(() => findExport(new URL(request.url ?? '/', 'http://localhost'), services, scope))
  } catch (thrown) {
    const error = explainRefusal(thrown)
    if (error instanceof UserError) return respondUserError(response, error)
    throw error
  }
  response.writeHead(200, {
    'content-type': found.mediaType,
    'content-disposition': contentDisposition('attachment', found.name),
    'cache-control': 'no-store',
  })
  try {
    await pipeline(found.open(statements), response)
  } catch (error) {
    // The status was already sent; the client notices the error by the truncated body.
    if (!response.destroyed) response.destroy()
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE')
      services.log.error({ err: error }, 'an export failed')
  }
}

async function findExport(url: URL, services: Services, scope: Scope): Promise<Export> {
  const [, kind, id, extension] = /^\/export\/(datasets|runs)\/([^/]+)\.([a-z]+)$/.exec(url.pathname) ?? []
  const format = [...exportFormats, 'zip' as const].find((known) => known === extension)
  if (!kind || !id || !format || (kind === 'runs' && format === 'zip')) {
    const message =
      'Expected /export/datasets/<id>, ending in .jsonl, .csv or .zip, or /export/runs/<id>, ending in .jsonl or .csv.'
    throw new NotFoundError(message, ['url'])
  }
  return kind === 'datasets'
    ? exportDataset(services, scope, id, format, url.searchParams.get('version'))
    : exportRun(services, scope, id, format as ExportFormat)
}

function textExport(name: string, format: ExportFormat, lines: AsyncGenerator<string>): Export {
  return {
    name: `${name}.${format}`,
    mediaType: mediaTypes[format],
    open: (statements) => Readable.from(chunks(statements.iterate(lines)), { objectMode: false }),
  }
}

async function exportDataset(
  { db }: Services,
  scope: Scope,
  givenId: string,
  format: ExportFormat | 'zip',
  givenVersion: string | null,
): Promise<Export> {
  const id = rawId('Dataset', givenId, ['id'])
  if (givenVersion !== null && !/^\d{1,9}$/.test(givenVersion)) {
    throw new InvalidInputError(`Expected a version number, got "${givenVersion}".`, ['version'])
  }
  const dataset = await db.prisma.dataset.findFirst({ where: { id, projectId: scope.projectId } })
  if (!dataset) throw datasetNotFound(id)
  const version = await resolveVersion(db, dataset, { version: givenVersion === null ? null : Number(givenVersion) })
  const name = `${dataset.name}-v${version}`
  const items = eachItem(db.pool, id, version)
  if (format !== 'zip') return textExport(name, format, written(items, datasetItemWriter(format)))
  return {
    name: `${name}.zip`,
    mediaType: 'application/zip',
    open: (statements) =>
      zipOfItems(db.pool, scope.projectId, items, {
        write: (rows) => chunks(statements.iterate(written(rows, datasetItemWriter('jsonl')))),
        scoped: (content) => statements.iterate(content),
      }),
  }
}

async function exportRun(services: Services, scope: Scope, givenId: string, format: ExportFormat): Promise<Export> {
  const id = rawId('Run', givenId, ['id'])
  const { replica } = services
  const onReplica = await replica?.has(services.db.pool, { projectId: scope.projectId, runIds: [id] })
  const db = replica && onReplica ? replica.db : services.db
  const run = await db.prisma.run.findFirst({ where: { id, projectId: scope.projectId }, select: { name: true } })
  if (!run) throw new NotFoundError(`There is no run ${givenId} in this project.`, ['id'])
  const series = format === 'csv' ? await loadScoreSummaries(db.pool, [id]) : []
  const ofRun = await db.prisma.score.findMany({
    where: { runId: id, ordinal: null },
    orderBy: [{ name: 'asc' }, { id: 'asc' }],
    select: { name: true, value: true, label: true },
  })
  return textExport(run.name, format, written(eachRunItem(db.pool, id), runItemWriter(format, id, series, ofRun)))
}

async function* eachRunItem(db: Queryable, runId: string): AsyncGenerator<ExportedRunItem> {
  for (let after = -1, more = true; more; ) {
    const { rows, cut } = await loadExportPage(db, runId, after, maxPageRows)
    yield* rows
    after = rows.at(-1)?.ordinal ?? after
    more = cut
  }
}

async function* written<Row>(rows: AsyncIterable<Row>, { header, line }: RowWriter<Row>): AsyncGenerator<string> {
  if (header) yield header
  for await (const row of rows) yield line(row)
}

async function* chunks(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  let text = ''
  for await (const line of lines) {
    text += line
    if (text.length >= chunkLength) {
      yield Buffer.from(text)
      text = ''
    }
  }
  if (text) yield Buffer.from(text)
}
