/**
 * POST /import/<dataset name>: the body is the uncompressed file, of any size.
 *
 * Columns are mapped by the parameters `input`, `expected`, `key`, `tags`, `metadata` and `json` (repeat them for
 * several columns, leave one empty for none); `format` is jsonl, json, csv or tsv, `delimiter` the character between the
 * cells of CSV. With `preview=20` only the first 20 rows are
 * read, nothing is stored, and the response is what they would become. Otherwise the response is one JSON object, or, with
 * `Accept: application/x-ndjson`, lines: `{"type":"progress",rows,bytes}` a few times a second, then one
 * `{"type":"result",…}` or `{"type":"error",…}` with status 200, because it is sent before the outcome is known.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { explainRefusal } from '../db/explain-refusal.ts'
import { StatementScope } from '../db/statement-scope.ts'
import { InvalidInputError, UserError } from '../domain/errors.ts'
import type { Scope } from '../domain/scope.ts'
import { type ImportResult, importItems } from '../engine/datasets/import.ts'
import { declaredFormat, type ImportFormat, importFormats } from '../engine/datasets/import-format.ts'
import type { ImportMapping } from '../engine/datasets/import-mapping.ts'
import { previewImport } from '../engine/datasets/preview-import.ts'
import type { Services } from '../engine/services.ts'
import type { LoopTime } from './limits/loop-time.ts'
import { disconnectIdle } from './request-body.ts'
import { respondJson } from './respond.ts'
import type { OperationCaller } from './use-statement-scope.ts'
import { errorBody, respondUserError } from './user-error.ts'

const progressMs = 250
const columnParameters = ['input', 'expected', 'key', 'tags', 'metadata', 'json'] as const
const knownParameters: readonly string[] = ['format', 'delimiter', 'preview', ...columnParameters]

/** The context of an authenticated import or export. */
export interface RequestOfCaller extends OperationCaller {
  services: Services
  scope: Scope
  /** Aborts when the caller's access is revoked. */
  signal: AbortSignal
  loopTime: LoopTime
}

interface ImportRequest {
  dataset: string
  format: ImportFormat | null
  delimiter: string | null
  mapping: ImportMapping
  /** How many rows to show instead of importing all; null: import. */
  preview: number | null
}

/** Responds to user errors itself; rejects on internal errors, before anything was sent. */
export async function respondImport(
  request: IncomingMessage,
  response: ServerResponse,
  { services, scope, client, signal, loopTime }: RequestOfCaller,
): Promise<void> {
  const asLines = request.headers.accept?.includes('application/x-ndjson') ?? false
  const line = (value: object) => response.write(`${JSON.stringify(value)}\n`)
  let reportedAt = performance.now()
  let arrived = 0
  const onProgress = (rows: number, bytes: number) => {
    arrived = bytes
    const now = performance.now()
    // No progress for a client that does not read: the lines would only pile up in memory.
    if (!asLines || now - reportedAt < progressMs || response.writableNeedDrain || response.writableEnded) return
    reportedAt = now
    startLines()
    line({ type: 'progress', rows, bytes })
  }
  const startLines = () => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8' })
  }

  disconnectIdle(request, () => arrived)
  try {
    const { preview, ...parsed } = readRequest(request)
    // Ending the iteration early must not close the connection: the response is still to be sent on it.
    const source = paced(request.iterator({ destroyOnReturn: false }), loopTime, client)
    const statements = new StatementScope({ group: client, kind: preview === null ? 'WRITE' : 'READ' })
    if (preview !== null) {
      const found = await statements.run(() => previewImport(services, scope, { ...parsed, source, rows: preview }))
      request.resume()
      return respondJson(response, 200, found)
    }
    const result = toBody(
      await statements.run(() => importItems(services, scope, { ...parsed, source, onProgress, signal })),
    )
    if (!asLines) return respondJson(response, 200, result)
    startLines()
    response.end(`${JSON.stringify({ type: 'result', ...result })}\n`)
  } catch (thrown) {
    const error = explainRefusal(thrown)
    // Already responded to, or disconnected.
    if (response.writableEnded || response.destroyed || (request.destroyed && !request.complete)) return
    // Drain the rest of the body, or the client would not read the response.
    request.resume()
    if (!response.headersSent) {
      if (error instanceof UserError) return respondUserError(response, error)
      throw error
    }
    const body =
      error instanceof UserError ? errorBody(error) : { status: 500, message: 'Something went wrong on our side.' }
    if (!(error instanceof UserError)) services.log.error({ err: error }, 'an import failed')
    response.end(`${JSON.stringify({ type: 'error', ...body })}\n`)
  }
}

/** Chunks of a body, which are read no faster than the caller may take of the event loop. */
async function* paced(source: AsyncIterable<Buffer>, loopTime: LoopTime, caller: string): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    const pauseMs = loopTime.pauseOf(caller)
    if (pauseMs > 0) await setTimeout(pauseMs)
    loopTime.worksFor(caller)
    yield chunk
  }
}

function toBody({ dataset, version, rows, added, changed, unchanged, mapping }: ImportResult) {
  const { json: _, ...columns } = mapping
  return {
    dataset: dataset.name,
    datasetId: encodeGlobalId('Dataset', dataset.id),
    version,
    rows,
    added,
    changed,
    unchanged,
    columns,
  }
}

/** @throws {InvalidInputError} naming the parameter or header */
function readRequest(request: IncomingMessage): ImportRequest {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const { 'content-type': contentType, 'content-encoding': encoding } = request.headers
  if (encoding !== undefined && encoding !== 'identity') {
    throw new InvalidInputError(`Expected an uncompressed file, got content-encoding: ${encoding}.`, [
      'content-encoding',
    ])
  }
  if (contentType?.startsWith('multipart/')) {
    const message = 'Expected the file itself as the body (curl --data-binary @file), got a form (curl --form).'
    throw new InvalidInputError(message, ['content-type'])
  }
  for (const name of new Set(searchParams.keys())) {
    if (!knownParameters.includes(name)) {
      const known = knownParameters.join(', ')
      throw new InvalidInputError(`Expected the parameters ${known}, got "${name}".`, [name])
    }
  }
  const mapping: ImportMapping = {}
  for (const name of columnParameters) {
    if (searchParams.has(name)) mapping[name] = searchParams.getAll(name).filter((column) => column !== '')
  }
  const preview = searchParams.get('preview')
  return {
    dataset: datasetName(pathname),
    format: formatOf(searchParams, contentType),
    delimiter: delimiterOf(searchParams.get('delimiter')),
    mapping,
    preview: preview === null ? null : Number(preview),
  }
}

function datasetName(pathname: string): string {
  try {
    return decodeURIComponent(pathname.slice('/import/'.length))
  } catch {
    throw new InvalidInputError(`Expected a URL-encoded dataset name, got ${pathname}.`, ['dataset'])
  }
}

function formatOf(parameters: URLSearchParams, mediaType: string | undefined): ImportFormat | null {
  const requested = parameters.get('format')
  if (requested === null) return declaredFormat({ mediaType })
  const format = importFormats.find((known) => known === requested)
  if (!format)
    throw new InvalidInputError(`Expected the format ${importFormats.join(', ')}, got "${requested}".`, ['format'])
  return format
}

function delimiterOf(given: string | null): string | null {
  if (given === null) return null
  const delimiter = given === '\\t' || given === 'tab' ? '\t' : given
  if (delimiter.length === 1 && !/["\r\n ]/.test(delimiter)) return delimiter
  throw new InvalidInputError(`Expected one character or "tab" as the delimiter, got ${JSON.stringify(given)}.`, [
    'delimiter',
  ])
}
