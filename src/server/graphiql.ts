/** Serves GraphiQL from local files only; the content security policy forbids everything else. */
import { hash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { examples } from './graphiql-examples.ts'

interface Asset {
  type: string
  body: Buffer
  zipped: Buffer
  etag: string
}

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  // The editor positions its text with style attributes.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Assay GraphiQL</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/graphiql/graphiql.css" />
  </head>
  <body class="no-focus-outline">
    <noscript>GraphiQL needs JavaScript. The schema is also in schema/schema.graphql.</noscript>
    <div id="root"></div>
    <script src="/graphiql/start.js"></script>
    <script src="/graphiql/graphiql.js"></script>
    <script src="/graphiql/render.js"></script>
  </body>
</html>
`

const start = `self.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_module, label) => '/graphiql/' + label + '.js',
}
`

// It takes the query from the address by itself.
const render = `YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), Object.assign(${JSON.stringify({
  title: 'Assay GraphiQL',
  endpoint: '/graphql',
  subscriptionsProtocol: 'SSE',
  defaultTabs: examples.map((query) => ({ query })),
  schemaDescription: true,
  shouldPersistHeaders: false,
})}, { variables: new URLSearchParams(location.search).get('variables') ?? undefined }))
`

let assets: Promise<Map<string, Asset>> | null = null

// Several megabytes that most processes never need: loaded and compressed on first use.
async function loadAssets(): Promise<Map<string, Asset>> {
  const { js, css, editorWorkerService, jsonWorker, graphqlWorker } = await import(
    '@graphql-yoga/render-graphiql/graphiql'
  )
  const script = 'text/javascript; charset=utf-8'
  const files: [path: string, type: string, text: string][] = [
    ['graphiql.js', script, js],
    ['graphiql.css', 'text/css; charset=utf-8', css],
    ['start.js', script, start],
    ['render.js', script, render],
    ['editorWorkerService.js', script, editorWorkerService],
    ['json.js', script, jsonWorker],
    ['graphql.js', script, graphqlWorker],
  ]
  const zip = promisify(gzip)
  const loaded = files.map(async ([path, type, text]): Promise<[string, Asset]> => {
    const body = Buffer.from(text)
    const etag = `"${hash('sha256', body, 'base64url')}"`
    return [path, { type, body, zipped: await zip(body), etag }]
  })
  return new Map(await Promise.all(loaded))
}

export function isGraphiqlRequest({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && (headers.accept?.includes('text/html') ?? false)
}

export function respondGraphiql(response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'cache-control': 'no-cache',
  })
  response.end(page)
}

/** @returns false if there is no such file */
export async function respondGraphiqlAsset(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<boolean> {
  assets ??= loadAssets()
  const asset = (await assets).get(path)
  if (!asset) return false
  const headers = { etag: asset.etag, 'cache-control': 'no-cache' }
  response.appendHeader('vary', 'accept-encoding')
  if (request.headers['if-none-match'] === asset.etag) {
    response.writeHead(304, headers).end()
    return true
  }
  const zipped = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
  response.writeHead(200, {
    ...headers,
    'content-type': asset.type,
    // A worker has its own policy: it does not inherit the page's.
    'content-security-policy': policy,
    ...(zipped && { 'content-encoding': 'gzip' }),
  })
  response.end(zipped ? asset.zipped : asset.body)
  return true
}
