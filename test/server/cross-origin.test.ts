/** Web pages of other origins: those listed may use every transport, all others none. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient as createSseClient } from 'graphql-sse'
import { createClient as createWsClient } from 'graphql-ws'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { parseOrigin } from '../../src/server/cors.ts'
import { browserPath, launchBrowser, withoutBrowser } from '../helpers/browser.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

const listed = 'https://dashboard.example'
const foreign = 'https://evil.example'
/** Serves an empty page: on localhost, which is listed, and on 127.0.0.1, which is not. */
const pages = createServer((_request, response) => {
  response.setHeader('content-type', 'text/html').end('<!doctype html><title>page</title>')
})
let pagePort: number
let t: TestServer
let runId: string

beforeAll(async () => {
  await once(pages.listen(0), 'listening')
  pagePort = (pages.address() as AddressInfo).port
  const double = { name: 'double', run: (input: number) => input * 2 }
  t = await startTestServer({ tasks: [double] }, { allowedOrigins: [listed, `http://localhost:${pagePort}`] })
  const datasetId = await seedDataset(t, [1, 2, 3])
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'double' })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  runId = Buffer.from(`Run:${id}`).toString('base64url')
  await t.startWorker()
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
  await once(pages.close(), 'close')
})

const feed = 'subscription ($runId: ID!) { runFeed(runId: $runId) { done items { output } } }'
const post = (origin: string, headers: Record<string, string> = {}) =>
  fetch(`${t.url}/graphql`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json', ...headers },
    body: '{"query":"{ viewer { role } }"}',
  })
const preflight = (origin: string, path = '/graphql') =>
  fetch(`${t.url}${path}`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,x-assay-project',
    },
  })

describe('HTTP', () => {
  test('a listed origin may send requests and read the responses, without cookies', async () => {
    const response = await post(listed)
    expect(await response.json()).toEqual({ data: { viewer: { role: 'ADMIN' } } })
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': listed,
      'access-control-expose-headers': 'content-disposition, www-authenticate',
      vary: 'origin',
    })
    expect(response.headers.has('access-control-allow-credentials')).toBe(false)
  })

  test('a listed origin may also read what is refused', async () => {
    const response = await post(listed, { authorization: 'Bearer assay_unknown' })
    expect(response.status).toBe(401)
    expect(response.headers.get('access-control-allow-origin')).toBe(listed)
  })

  test('a preflight request is told which methods and headers the route takes', async () => {
    const response = await preflight(listed)
    expect(response.status).toBe(204)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': listed,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization,content-type,x-assay-project',
      'access-control-max-age': '600',
    })
    expect((await preflight(listed, '/import/numbers')).headers.get('access-control-allow-methods')).toBe('POST')
    expect((await preflight(listed, '/nothing')).status).toBe(404)
  })

  test('all other origins are refused, with the option that would allow them', async () => {
    for (const origin of [foreign, 'null', 'http://dashboard.example', `${listed}:8443`, `${listed}.evil.example`]) {
      for (const response of [await post(origin), await preflight(origin)]) {
        expect(response.status, origin).toBe(403)
        expect(response.headers.has('access-control-allow-origin')).toBe(false)
        expect(await response.text()).toContain('--allow-origin')
      }
    }
  })

  test('a server without the option allows no origin, and says nothing about origins', async () => {
    await using plain = await startTestServer()
    const response = await fetch(`${plain.url}/healthz`)
    expect(response.headers.has('vary')).toBe(false)
    const refused = await fetch(`${plain.url}/graphql`, { method: 'OPTIONS', headers: { origin: listed } })
    expect(refused.status).toBe(403)
  })
})

test('a listed origin may subscribe over SSE, another may not', async () => {
  const subscribe = (origin: string) => {
    const client = createSseClient({ url: `${t.url}/graphql`, headers: { origin }, retryAttempts: 0 })
    return Array.fromAsync(client.iterate({ query: feed, variables: { runId } }))
  }
  expect((await subscribe(listed)).at(-1)).toMatchObject({ data: { runFeed: { done: true } } })
  await expect(subscribe(foreign)).rejects.toThrow('403')
})

test('a listed origin may open a WebSocket, another may not', async () => {
  const subscribe = (origin: string) => {
    const webSocketImpl = class extends WebSocket {
      constructor(url: string, protocol: string) {
        super(url, protocol, { origin })
      }
    }
    const client = createWsClient({ url: `${t.url.replace('http', 'ws')}/graphql`, webSocketImpl, retryAttempts: 0 })
    return Array.fromAsync(client.iterate({ query: feed, variables: { runId } }))
  }
  expect((await subscribe(listed)).at(-1)).toMatchObject({ data: { runFeed: { done: true } } })
  await expect(subscribe(foreign)).rejects.toThrow('403')
})

test('an origin is its scheme, host and port', () => {
  expect(parseOrigin('HTTPS://Dashboard.example:443')).toBe('https://dashboard.example')
  expect(parseOrigin('http://[::1]:5173')).toBe('http://[::1]:5173')
  for (const text of ['*', 'https://*.example']) expect(() => parseOrigin(text)).toThrow('one exact origin')
  for (const text of ['dashboard.example', 'localhost:5173', 'null', 'file:///page.html', 'https://', ''])
    expect(() => parseOrigin(text), text).toThrow(`Expected an origin like https://app.example`)
  for (const rest of ['/', '/path', '?query', '#fragment'])
    expect(() => parseOrigin(`${listed}${rest}`)).toThrow(`Did you mean ${listed}?`)
  expect(() => parseOrigin('https://me:secret@dashboard.example')).toThrow(`Did you mean ${listed}?`)
})

/** Runs in a page: what it gets over each transport, or the name of the error. */
async function tryTransports({ url, query, variables }: { url: string; query: string; variables: object }) {
  const send = async (accept: string, payload: object) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { accept, 'content-type': 'application/json', 'x-assay-project': 'default' },
      body: JSON.stringify(payload),
    })
    return response.text()
  }
  const overWebSocket = () =>
    new Promise<string>((resolve, reject) => {
      const socket = new globalThis.WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
      let received = ''
      socket.onopen = () => socket.send('{"type":"connection_init"}')
      socket.onerror = () => reject(new TypeError())
      socket.onmessage = ({ data }) => {
        const { type } = JSON.parse(data)
        received += data
        if (type === 'connection_ack')
          socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables } }))
        if (type === 'complete') resolve(received)
      }
    })
  const attempts = [
    send('application/json', { query: '{ viewer { role } }' }),
    send('text/event-stream', { query, variables }),
    overWebSocket(),
  ]
  return Promise.all(attempts.map((attempt) => attempt.catch((error: Error) => error.name)))
}

test.skipIf(!browserPath)(`a browser agrees (${browserPath ?? withoutBrowser})`, async () => {
  const browser = await launchBrowser()
  try {
    const page = await browser.newPage()
    const from = async (host: string) => {
      await page.goto(`http://${host}:${pagePort}/`)
      return page.evaluate(tryTransports, { url: t.url, query: feed, variables: { runId } })
    }
    expect(await from('localhost')).toEqual([
      '{"data":{"viewer":{"role":"ADMIN"}}}',
      expect.stringContaining('"done":true'),
      expect.stringContaining('"done":true'),
    ])
    expect(await from('127.0.0.1')).toEqual(['TypeError', 'TypeError', 'TypeError'])
  } finally {
    await browser.close()
  }
})
