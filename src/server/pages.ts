/**
 * The dashboard's pages: what a build has left in a directory, read once into memory, so that no request reaches the file
 * system. Every address that is no file is the same page, whose script shows what the address means.
 */
import { hash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { accepts } from './content-coding.ts'

interface File {
  type: string
  etag: string
  caching: string
  body: Buffer
  /** Compressed bodies by coding, the smallest first. */
  compressed: [coding: string, body: Buffer][]
}

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.woff2': 'font/woff2',
}
/** Written beside a file by the build. */
const codings: [suffix: string, coding: string][] = [
  ['.br', 'br'],
  ['.gz', 'gzip'],
]
/** A smaller body fits into one packet anyway. */
const minCompressedBytes = 1_400

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  // Styles of components are elements and attributes that scripts write.
  "style-src 'self' 'unsafe-inline'",
  // Images and sounds of outputs; those elsewhere are links, because loading them would tell their hosts who looks.
  "img-src 'self' data: blob:",
  "media-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

const notBuilt = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Assay</title>
  </head>
  <body>
    <h1>The dashboard is not built</h1>
    <p>Run <code>npm run build:dashboard</code> in the directory of Assay and restart the server; <code>npm start</code> builds it by itself.</p>
    <p>Everything else works: <a href="/graphql">GraphiQL</a></p>
  </body>
</html>
`

/** Where `npm run build:dashboard` puts the pages. */
export const pagesDirectory = join(import.meta.dirname, '../../dist/dashboard')

export class Pages {
  readonly #files: ReadonlyMap<string, File>

  /** @param files by the path in the URL */
  constructor(files: ReadonlyMap<string, File>) {
    this.#files = files
  }

  /** Whether there are any. */
  get built(): boolean {
    return this.#files.has('/index.html')
  }

  /**
   * Responds with a file, or with the page if the request is for a page.
   * @returns false if it is for neither
   */
  respond(request: IncomingMessage, response: ServerResponse, pathname: string): boolean {
    const { method, headers } = request
    if (method !== 'GET' && method !== 'HEAD') return false
    const file = this.#files.get(pathname)
    if (file) {
      send(request, response, file)
      return true
    }
    const isPage = pathname === '/' || (!pathname.startsWith('/assets/') && headers.accept?.includes('text/html'))
    if (!isPage) return false
    const index = this.#files.get('/index.html')
    if (index) send(request, response, index)
    else sendNotBuilt(request, response)
    return true
  }
}

/** Reads what a build has written; no pages if there is no such directory. */
export async function loadPages(directory: string): Promise<Pages> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true }).catch((error) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const paths = names
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(directory.length).replaceAll('\\', '/'))
  const known = new Set(paths)
  const isCompressed = (path: string) =>
    codings.some(([suffix]) => path.endsWith(suffix) && known.has(path.slice(0, -3)))
  const files = paths
    .filter((path) => !isCompressed(path))
    .map(async (path): Promise<[string, File]> => [path, await loadFile(directory, path, known)])
  return new Pages(new Map(await Promise.all(files)))
}

async function loadFile(directory: string, path: string, known: ReadonlySet<string>): Promise<File> {
  const body = await readFile(join(directory, path))
  const type = types[extname(path)] ?? 'application/octet-stream'
  const written = codings.filter(([suffix]) => known.has(path + suffix))
  const compressed = written.map(
    async ([suffix, coding]): Promise<[string, Buffer]> => [coding, await readFile(join(directory, path + suffix))],
  )
  if (written.length === 0 && isText(type) && body.length >= minCompressedBytes) {
    compressed.push(promisify(gzip)(body).then((zipped) => ['gzip', zipped]))
  }
  return {
    type,
    body,
    compressed: await Promise.all(compressed),
    // Weak, because it is the same for every coding.
    etag: `W/"${hash('sha256', body, 'base64url')}"`,
    // The names of these have a hash of their content.
    caching: path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  }
}

function isText(type: string): boolean {
  return /^text\/|json|svg|javascript/.test(type)
}

function send(request: IncomingMessage, response: ServerResponse, file: File): void {
  const { headers } = request
  response.setHeader('etag', file.etag)
  response.setHeader('cache-control', file.caching)
  // Also for scripts: a worker does not inherit the page's.
  response.setHeader('content-security-policy', policy)
  if (file.compressed.length > 0) response.appendHeader('vary', 'accept-encoding')
  if (matches(headers['if-none-match'], file.etag)) return void response.writeHead(304).end()
  const [coding, body] = file.compressed.find(([name]) => accepts(headers['accept-encoding'], name)) ?? [
    null,
    file.body,
  ]
  if (coding !== null) response.setHeader('content-encoding', coding)
  response.writeHead(200, { 'content-type': file.type, 'content-length': body.length })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function sendNotBuilt(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(503, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(notBuilt),
    'content-security-policy': policy,
    'cache-control': 'no-store',
  })
  response.end(request.method === 'HEAD' ? undefined : notBuilt)
}

function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  return (ifNoneMatch ?? '').split(',').some((tag) => tag.trim() === etag || tag.trim() === '*')
}
