import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CliError } from './cli-error.ts'
import { explainRefusal, notAssay, requestHeaders, serverUrl, unreachable } from './graphql-client.ts'

/** Columns of the file by name or dotted path; missing parts default to the usual column names. */
export interface ImportColumns {
  input?: string[]
  expected?: string[]
  key?: string[]
  tags?: string[]
  metadata?: string[]
  /** CSV columns whose cells are JSON. */
  json?: string[]
}

interface ImportRequest {
  /** Of the server. */
  url: string
  /** Default: that of the key. */
  project?: string
  dataset: string
  /** The file's bytes; read to the end, or destroyed. */
  source: Readable
  /** `jsonl`, `json` or `csv`; null: detect it. */
  format: string | null
  /** Of CSV; default: detect it. */
  delimiter?: string
  columns?: ImportColumns
  /** Bytes sent, and rows read by the server so far. */
  onProgress?: (bytes: number, rows: number) => void
}

interface ImportSummary {
  dataset: string
  datasetId: string
  version: number
  rows: number
  added: number
  changed: number
  unchanged: number
  /** The columns that became input, expected, key, tags and metadata. */
  columns: Record<string, string[]>
}

type Line =
  | { type: 'progress'; rows: number; bytes: number }
  | ({ type: 'result' } & ImportSummary)
  | { type: 'error'; message: string }

/** What is wrong with the rows. */
export class ImportRefused extends CliError {}

/**
 * Streams a file into a dataset of a server, all of it or nothing, in constant memory.
 * @throws {CliError} with every problem of the file by line and column, or when the server is unreachable
 */
export async function importFile(options: ImportRequest): Promise<ImportSummary> {
  const { source, onProgress } = options
  const url = serverUrl(options.url)
  const send = url.startsWith('https:') ? httpsRequest : httpRequest
  const request = send(`${url}/import/${encodeURIComponent(options.dataset)}?${parameters(options)}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/octet-stream',
      accept: 'application/x-ndjson',
      ...requestHeaders(options.project),
    },
  })
  const answered = once(request, 'response') as Promise<[IncomingMessage]>
  answered.catch(() => {})

  let sent = 0
  let rows = 0
  source.on('data', (chunk: Buffer) => {
    sent += chunk.length
    onProgress?.(sent, rows)
  })
  const sending = pipeline(source, request).catch((error: NodeJS.ErrnoException) => {
    // A server that refuses may stop reading; its response is what matters.
    if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') request.destroy(error)
  })

  const [response] = await answered.catch((error: NodeJS.ErrnoException) => {
    if (error.syscall === 'read' || error.syscall === 'open') throw new CliError(error.message)
    throw unreachable(url, error)
  })
  const summary = await readAnswer(response, url, (read) => {
    rows = read
    onProgress?.(sent, rows)
  })
  await sending
  return summary
}

function parameters({ format, delimiter, columns = {} }: ImportRequest): URLSearchParams {
  const mapped = Object.entries(columns).flatMap(([part, names]: [string, string[] | undefined]) =>
    (names ?? []).map((name) => [part, name] as [string, string]),
  )
  const given = Object.entries({ format, delimiter }).flatMap(([name, value]) => (value ? [[name, value]] : []))
  return new URLSearchParams([...given, ...mapped])
}

async function readAnswer(
  response: IncomingMessage,
  url: string,
  onRows: (rows: number) => void,
): Promise<ImportSummary> {
  if (response.statusCode !== 200) throw new CliError(await refusal(response, url))
  for await (const text of createInterface({ input: response })) {
    const line = JSON.parse(text) as Line
    if (line.type === 'progress') onRows(line.rows)
    else if (line.type === 'error') throw new ImportRefused(line.message)
    else return line
  }
  throw new CliError(`${url} disconnected during the import. Nothing was imported; import the file again.`)
}

async function refusal(response: IncomingMessage, url: string): Promise<string> {
  const text = Buffer.concat(await response.toArray()).toString()
  try {
    const body = JSON.parse(text) as { message?: string; errors?: { message: string }[] }
    const message = body.message ?? body.errors?.[0]?.message
    if (message) return explainRefusal(url, response.statusCode, message)
  } catch {
    // Not a response from Assay.
  }
  return notAssay(url, response.statusCode ?? 0).message
}
