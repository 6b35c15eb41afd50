/** Requests to `/import/<dataset>`: what a file would become, and the import itself. */

/** Columns by what they become. */
export interface Mapping {
  input: string[]
  expected: string[]
  key: string[]
  tags: string[]
  metadata: string[]
  /** CSV columns whose cells are JSON. */
  json: string[]
}

export interface Preview {
  format: 'jsonl' | 'json' | 'csv' | null
  columns: string[]
  mapping: Mapping
  items: {
    line: number
    key: string | null
    input: unknown
    expectedOutput: unknown
    tags: string[]
    metadata: unknown
  }[]
  problems: Problem[]
}

export interface Problem {
  line: number | null
  column: number | string | null
  expected: string
  got: string
}

export interface Imported {
  version: number
  rows: number
  added: number
  changed: number
  unchanged: number
}

/** Why a file was refused. */
export class ImportFailure extends Error {
  readonly problems: readonly Problem[]

  constructor(message: string, problems: readonly Problem[] = []) {
    super(message)
    this.problems = problems
  }
}

const previewRows = 20
/** How much of a file is sent for a preview, in bytes. */
const previewBytes = 1024 * 1024

interface Target {
  file: File
  /** Name of the dataset. */
  dataset: string
  /** Null: that of the caller. */
  project: string | null
  /** What differs from the usual mapping. */
  mapping: Partial<Mapping>
}

/** A ZIP has its directory at its end, so all of it is sent; a larger one is imported without a preview. */
const maxPreviewedZip = 100_000_000

/** @returns null: the file is too large to be shown first. @throws {ImportFailure} */
export async function previewFile(target: Target, signal: AbortSignal): Promise<Preview | null> {
  const isZip = /\.zip$/i.test(target.file.name)
  if (isZip && target.file.size > maxPreviewedZip) return null
  const head = isZip ? target.file : target.file.slice(0, previewBytes)
  const response = await fetch(address(target, { preview: String(previewRows) }), {
    method: 'POST',
    headers: headersOf(target),
    body: head,
    signal,
  })
  const body = await response.json().catch(() => null)
  if (!response.ok) throw failureOf(response.status, body)
  const preview = body as Preview
  if (head.size === target.file.size) return preview
  // The last row may be cut in two.
  const last = Math.max(0, ...preview.problems.map(({ line }) => line ?? 0))
  const end = Math.max(0, ...preview.items.map(({ line }) => line))
  return { ...preview, problems: preview.problems.filter(({ line }) => line !== last || last < end) }
}

/**
 * @param onProgress gets the part that has been sent, 0–1
 * @throws {ImportFailure}
 */
export function importFile(target: Target, onProgress: (part: number) => void, signal: AbortSignal): Promise<Imported> {
  return new Promise((resolve, reject) => {
    // Unlike fetch, it tells how much has been sent.
    const request = new XMLHttpRequest()
    request.open('POST', address(target, {}))
    for (const [name, value] of Object.entries(headersOf(target))) request.setRequestHeader(name, value)
    request.responseType = 'json'
    request.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 1 : loaded / total)
    request.onload = () =>
      request.status === 200 ? resolve(request.response) : reject(failureOf(request.status, request.response))
    request.onerror = () =>
      reject(new ImportFailure('The connection broke before the file was stored. Nothing was imported.'))
    request.onabort = () => reject(new ImportFailure('The import was stopped. Nothing was imported.'))
    signal.addEventListener('abort', () => request.abort())
    request.send(target.file)
  })
}

function address({ dataset, mapping }: Target, more: Record<string, string>): string {
  const parameters = new URLSearchParams(more)
  for (const [name, columns] of Object.entries(mapping)) {
    for (const column of columns.length > 0 ? columns : ['']) parameters.append(name, column)
  }
  return `/import/${encodeURIComponent(dataset)}?${parameters}`
}

function headersOf({ file, project }: Target): Record<string, string> {
  return {
    'content-type': typeOf(file.name),
    'x-assay-session': '1',
    ...(project !== null && { 'x-assay-project': encodeURIComponent(project) }),
  }
}

/** Browsers know few types of files; the name says more. */
function typeOf(name: string): string {
  if (/\.(jsonl|ndjson)$/i.test(name)) return 'application/x-ndjson'
  if (/\.(csv|tsv)$/i.test(name)) return 'text/csv'
  return 'application/octet-stream'
}

function failureOf(status: number, body: unknown): ImportFailure {
  const { message, problems, errors } = (body ?? {}) as {
    message?: string
    problems?: Problem[]
    errors?: { message: string }[]
  }
  return new ImportFailure(message ?? errors?.[0]?.message ?? `The server answered with ${status}.`, problems)
}
