/** The dashboard's pages over real sockets, from a directory like that of a build. */
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer } from '../../src/server/start-server.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

const index = `<!doctype html><title>Assay</title><script type="module" src="/assets/index-Ab12.js"></script>${' '.repeat(2_000)}`
const script = `export const lines = ${JSON.stringify(Array.from({ length: 400 }, (_, n) => `line ${n}`))}`
const icon = '<svg xmlns="http://www.w3.org/2000/svg"/>'

let t: TestServer
let parent: string
const secret = 'not to be served'
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'assay-pages-'))
  await writeFile(join(parent, 'secret.txt'), secret)
  const pages = join(parent, 'dashboard')
  await mkdir(join(pages, 'assets'), { recursive: true })
  await writeFile(join(pages, 'index.html'), index)
  await writeFile(join(pages, 'icon.svg'), icon)
  await writeFile(join(pages, 'assets/index-Ab12.js'), script)
  await writeFile(join(pages, 'assets/index-Ab12.js.br'), brotliCompressSync(script))
  await writeFile(join(pages, 'assets/index-Ab12.js.gz'), gzipSync(script))
  t = await startTestServer({}, { pages, allowedOrigins: ['https://listed.example'] })
  // From here on nothing is read from the directory.
  await rm(pages, { recursive: true })
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
  await rm(parent, { recursive: true })
})

/** The response to exactly these bytes, which `fetch` would normalise or decode. */
async function raw(target: string, headers: Record<string, string> = {}, method = 'GET') {
  const { hostname, port } = new URL(t.url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  const lines = Object.entries({ host: `${hostname}:${port}`, connection: 'close', ...headers })
  socket.write(`${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
  const bytes = Buffer.concat(await Array.fromAsync(socket))
  const end = bytes.indexOf('\r\n\r\n')
  const [first = '', ...head] = bytes.subarray(0, end).toString().split('\r\n')
  return {
    status: Number(first.split(' ')[1]),
    headers: Object.fromEntries(head.map((line) => line.toLowerCase().split(/: (.*)/, 2))) as Record<string, string>,
    body: bytes.subarray(end + 4),
  }
}

const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

describe('the page', () => {
  test('is at every address of a page, for who asks for one', async () => {
    for (const path of [
      '/',
      '/runs/UnVuOjE',
      '/datasets/a/b%20c?search=x',
      '/compare?runs=1',
      '/index.html',
      '/nowhere',
    ]) {
      const { status, headers, body } = await raw(path, html)
      expect([status, headers['content-type']], path).toEqual([200, 'text/html; charset=utf-8'])
      expect(body.toString()).toBe(index)
    }
    expect((await raw('/', { accept: '*/*' })).body.toString()).toBe(index)
  })

  test('is not for programs, nor in the place of what has another meaning', async () => {
    const program = await raw('/runs/UnVuOjE', { accept: 'application/json' })
    expect([program.status, JSON.parse(String(program.body)).errors[0].message]).toEqual([
      404,
      'There is nothing at /runs/UnVuOjE. The API is at /graphql.',
    ])
    expect((await raw('/runs/UnVuOjE', html, 'POST')).status).toBe(404)
    expect((await raw('/assets/index-gone.js', html)).status).toBe(404)
    expect((await raw('/healthz', html)).headers['content-type']).toContain('application/json')
    expect((await raw('/graphql', html)).body.toString()).toContain('GraphiQL')
    expect((await raw('/export/runs/none.csv', html)).status).toBe(400)
  })

  test('is asked for again each time, and comes again only when it has changed', async () => {
    const { headers } = await raw('/', html)
    expect(headers['cache-control']).toBe('no-cache')
    const { etag = '' } = (await raw('/')).headers
    const whole = await fetch(`${t.url}/`, { headers: html })
    const tag = whole.headers.get('etag') ?? ''
    for (const value of [tag, `"other", ${tag}`, '*']) {
      const again = await raw('/runs/1', { ...html, 'if-none-match': value })
      expect([again.status, again.body.length], value).toEqual([304, 0])
    }
    expect(etag).toBe(tag.toLowerCase())
    expect((await raw('/', { 'if-none-match': 'W/"other"' })).status).toBe(200)
  })

  test('may run no script but the files of this server, load nothing from elsewhere, and be in no frame', async () => {
    const { headers } = await raw('/runs/1', html)
    const directives = Object.fromEntries(
      headers['content-security-policy']?.split('; ').map((line) => line.split(/ (.*)/).slice(0, 2)) ?? [],
    )
    expect(directives).toMatchObject({
      'default-src': "'none'",
      'script-src': "'self'",
      'connect-src': "'self'",
      'frame-ancestors': "'none'",
      'base-uri': "'none'",
      'form-action': "'none'",
    })
    for (const [name, sources] of Object.entries(directives) as [string, string][]) {
      const allowed = ["'none'", "'self'", 'data:', 'blob:', ...(name === 'style-src' ? ["'unsafe-inline'"] : [])]
      expect(allowed, name).toEqual(expect.arrayContaining(sources.split(' ')))
    }
    expect(headers).toMatchObject({
      'x-frame-options': 'deny',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
    const graphiql = (await raw('/graphql', html)).headers['content-security-policy'] ?? ''
    expect(graphiql).toContain("script-src 'self';")
    expect(graphiql).toContain("frame-ancestors 'none'")
    expect(graphiql).not.toMatch(/https?:|\*/)
  })
})

describe('a file', () => {
  const path = '/assets/index-Ab12.js'

  test('with a hash in its name is kept forever, any other is asked for again', async () => {
    expect((await raw(path)).headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    })
    const { headers, body } = await raw('/icon.svg', html)
    expect(headers).toMatchObject({ 'content-type': 'image/svg+xml', 'cache-control': 'no-cache' })
    expect(body.toString()).toBe(icon)
  })

  test('comes in the smallest coding that the client takes', async () => {
    const codings: [accepted: string, coding: string | undefined][] = [
      ['gzip, deflate, br, zstd', 'br'],
      ['gzip, br;q=0', 'gzip'],
      ['GZIP;q=0.5', 'gzip'],
      ['identity', undefined],
      ['brotli', undefined],
    ]
    const decode = { br: brotliDecompressSync, gzip: gunzipSync }
    for (const [accepted, coding] of codings) {
      const { headers, body } = await raw(path, { 'accept-encoding': accepted })
      expect(headers['content-encoding'], accepted).toBe(coding)
      expect(Number(headers['content-length'])).toBe(body.length)
      expect(headers.vary?.split(', ')).toContain('accept-encoding')
      const text = coding ? decode[coding as keyof typeof decode](body) : body
      expect(text.toString()).toBe(script)
    }
    const other = await fetch(`${t.url}${path}`, { headers: { origin: 'https://listed.example' } })
    expect(other.headers.get('vary')).toBe('origin, accept-encoding')
  })

  test('is compressed once when the build has not done it', async () => {
    const { headers, body } = await raw('/', { ...html, 'accept-encoding': 'gzip' })
    expect(headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(body).toString()).toBe(index)
  })

  test('can be asked about without being sent, and is sent whole whatever part is asked for', async () => {
    for (const target of [path, '/', '/runs/1']) {
      const head = await raw(target, html, 'HEAD')
      const { headers } = await raw(target, html)
      expect([head.status, head.body.length], target).toEqual([200, 0])
      expect(head.headers['content-length']).toBe(headers['content-length'])
    }
    for (const range of [
      'bytes=0-9',
      'bytes=-1',
      'bytes=5-2',
      'bytes=999999999-',
      `bytes=${'0-1,'.repeat(1_000)}0-1`,
    ]) {
      const { status, body } = await raw(path, { range })
      expect([status, body.toString()], range).toEqual([200, script])
    }
    expect((await raw(path, {}, 'DELETE')).status).toBe(404)
  })
})

test('no address leads out of the directory', async () => {
  const hostile = [
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/..%5csecret.txt',
    '/..\\secret.txt',
    '/assets/%2e%2e%2f%2e%2e%2fsecret.txt',
    '//secret.txt',
    '/./../secret.txt',
    '/%00/secret.txt',
    '/secret.txt%00.js',
    '/assets/',
    '/assets',
    '/%',
    '/%c0%ae%c0%ae/secret.txt',
    'http://elsewhere.example/../secret.txt',
    '/constructor',
    '/__proto__',
    '/index.html/',
    '/assets/index-Ab12.js/../../../secret.txt',
    `/${'a'.repeat(10_000)}`,
  ]
  for (const target of hostile) {
    for (const headers of [html, { accept: '*/*' }]) {
      const { status, body } = await raw(target, headers)
      expect([200, 404], target).toContain(status)
      expect(body.toString(), target).not.toContain(secret)
      if (status === 200) expect(body.toString(), target).toBe(index)
    }
  }
})

test('without built pages the server says how to build them, and everything else works', async () => {
  const { url, stop } = await startServer({
    ...t,
    host: '127.0.0.1',
    port: 0,
    pages: join(parent, 'none'),
  })
  try {
    const response = await fetch(`${url}/runs/1`, { headers: html })
    expect(response.status).toBe(503)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const text = await response.text()
    expect(text).toContain('npm run build:dashboard')
    expect(text).toContain('href="/graphql"')
    expect((await fetch(`${url}/runs/1`, { method: 'HEAD', headers: html })).status).toBe(503)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    expect((await fetch(`${url}/assets/x.js`)).status).toBe(404)
  } finally {
    await stop()
  }
})
