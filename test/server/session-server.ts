/** A server that browsers sign in to. */
import { once } from 'node:events'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import WebSocket from 'ws'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { systemClock } from '../../src/domain/clock.ts'
import type { Role } from '../../src/domain/scope.ts'
import { createApiKey, revokeApiKey } from '../../src/engine/projects/api-keys.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { maxAgeMs } from '../../src/server/change-watch.ts'
import { startServer } from '../../src/server/start-server.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

export const listed = 'https://listed.example'
export let t: TestServer
/** Another process on the same database. */
export let otherUrl: string
/** A run that nobody executes: its feed stays open. */
export let runId: string
let skippedMs = 0
const clock = { ...systemClock, now: () => systemClock.now() + skippedMs }
/** Ends the other servers. */
const started: (() => Promise<void>)[] = []
/** Nothing counts any more only because it was read before. */
export function forget(): void {
  skippedMs += maxAgeMs + 1
}

/** Starts it for the tests of a file. */
export function useServer(): void {
  beforeAll(async () => {
    t = await startTestServer({ tasks: [{ name: 'echo', run: (input) => input }] }, { allowedOrigins: [listed], clock })
    const experimentId = await seedExperiment(t, await seedDataset(t, [1]), { kind: 'module', name: 'echo' })
    runId = encodeGlobalId('Run', (await startRun(t.services, t.scope, { experimentId })).id)
    await makeKey()
    otherUrl = await serve({})
  })
  afterAll(async () => {
    await Promise.all(started.splice(0).map((stop) => stop()))
    await t[Symbol.asyncDispose]()
  })
}

export async function serve(options: object): Promise<string> {
  const { url, stop } = await startServer({ ...t, host: '127.0.0.1', port: 0, ...options })
  started.push(stop)
  return url
}

export async function makeKey({ role = 'ADMIN' as Role, installation = false, name = 'ada' } = {}) {
  const { key, apiKey } = await createApiKey(t.db, t.scope, { name, role, installation })
  return { key, id: apiKey.id, prefix: apiKey.prefix, revoke: () => revokeApiKey(t.db, t.scope, apiKey.id) }
}

/** A request as a page of the server sends it. */
export function fromPage(path: string, init: { method?: string; body?: unknown; headers?: object; url?: string } = {}) {
  const { method = 'GET', body, headers, url = t.url } = init
  return fetch(`${url}${path}`, {
    method,
    headers: { origin: url, 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
}

/** @returns the header `cookie` of later requests */
export function cookieOf(response: Response): { cookie: string } {
  return { cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '' }
}

export async function signIn(key: string, url = t.url) {
  const response = await fromPage('/session', { method: 'POST', body: { key }, url })
  expect(response.status).toBe(201)
  // A cookie belongs to a host and port; the name has the port.
  return cookieOf(response)
}

export const viewer = { query: '{ viewer { role person { name } project { name } } }' }
export const ask = async (headers: object, init: object = {}) => {
  const response = await fromPage('/graphql', { method: 'POST', body: viewer, headers, ...init })
  return { status: response.status, ...((await response.json()) as { data?: { viewer: unknown }; errors?: unknown }) }
}

/** @returns an authenticated socket, or the code with which the server closed it */
export async function connect(headers: object, url = t.url, payload: object = {}): Promise<WebSocket | number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
    headers: { origin: url, ...headers },
  })
  onTestFinished(() => socket.terminate())
  await once(socket, 'open')
  const closed = once(socket, 'close').then(([code]) => code as number)
  socket.send(JSON.stringify({ type: 'connection_init', payload }))
  return Promise.race([once(socket, 'message').then(() => socket), closed])
}

export async function follow(headers: object, url = t.url): Promise<WebSocket> {
  const socket = await connect(headers, url)
  if (typeof socket === 'number') throw new Error(`closed with ${socket}`)
  const query = 'subscription($runId: ID!) { runFeed(runId: $runId) { cursor } }'
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query, variables: { runId } } }))
  expect(String((await once(socket, 'message'))[0])).toContain('"cursor"')
  return socket
}

/** Within twice the time that everything of a caller who is out may stay open; ask before the reason for it. */
export async function closing(socket: WebSocket): Promise<number> {
  const [code] = await once(socket, 'close', { signal: AbortSignal.timeout(20_000) })
  return code
}
