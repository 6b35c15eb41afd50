/** Sessions of browsers, over real sockets. */
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import type { Role } from '../../src/domain/scope.ts'
import { createApiKey, revokeApiKey } from '../../src/engine/projects/api-keys.ts'
import { createProject } from '../../src/engine/projects/projects.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { startServer } from '../../src/server/start-server.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

const listed = 'https://listed.example'
let t: TestServer
/** Another process on the same database. */
let otherUrl: string
/** A run that nobody executes: its feed stays open. */
let runId: string
/** Ends the other servers. */
const started: (() => Promise<void>)[] = []
beforeAll(async () => {
  t = await startTestServer({ tasks: [{ name: 'echo', run: (input) => input }] }, { allowedOrigins: [listed] })
  const experimentId = await seedExperiment(t, await seedDataset(t, [1]), { kind: 'module', name: 'echo' })
  runId = encodeGlobalId('Run', (await startRun(t.services, t.scope, { experimentId })).id)
  await makeKey()
  otherUrl = await serve({})
})
afterAll(async () => {
  await Promise.all(started.map((stop) => stop()))
  await t[Symbol.asyncDispose]()
})

async function serve(options: object): Promise<string> {
  const { url, stop } = await startServer({ ...t, host: '127.0.0.1', port: 0, ...options })
  started.push(stop)
  return url
}

async function makeKey({ role = 'ADMIN' as Role, installation = false, name = 'ada' } = {}) {
  const { key, apiKey } = await createApiKey(t.db, t.scope, { name, role, installation })
  return { key, id: apiKey.id, prefix: apiKey.prefix, revoke: () => revokeApiKey(t.db, t.scope, apiKey.id) }
}

/** A request as a page of the server sends it. */
function fromPage(path: string, init: { method?: string; body?: unknown; headers?: object; url?: string } = {}) {
  const { method = 'GET', body, headers, url = t.url } = init
  return fetch(`${url}${path}`, {
    method,
    headers: { origin: url, 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
}

/** @returns the header `cookie` of later requests */
function cookieOf(response: Response): { cookie: string } {
  return { cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '' }
}

async function signIn(key: string, url = t.url) {
  const response = await fromPage('/session', { method: 'POST', body: { key }, url })
  expect(response.status).toBe(201)
  // A cookie belongs to a host and port; the name has the port.
  return cookieOf(response)
}

const viewer = { query: '{ viewer { role person { name } project { name } } }' }
const ask = async (headers: object, init: object = {}) => {
  const response = await fromPage('/graphql', { method: 'POST', body: viewer, headers, ...init })
  return { status: response.status, ...((await response.json()) as { data?: { viewer: unknown }; errors?: unknown }) }
}

/** @returns an authenticated socket, or the code with which the server closed it */
async function connect(headers: object, url = t.url, payload: object = {}): Promise<WebSocket | number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
    headers: { origin: url, ...headers },
  })
  onTestFinished(() => socket.terminate())
  await once(socket, 'open')
  const closed = once(socket, 'close').then(([code]) => code as number)
  socket.send(JSON.stringify({ type: 'connection_init', payload }))
  return Promise.race([once(socket, 'message').then(() => socket), closed])
}

async function follow(headers: object, url = t.url): Promise<WebSocket> {
  const socket = await connect(headers, url)
  if (typeof socket === 'number') throw new Error(`closed with ${socket}`)
  const query = 'subscription($runId: ID!) { runFeed(runId: $runId) { cursor } }'
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query, variables: { runId } } }))
  expect(String((await once(socket, 'message'))[0])).toContain('"cursor"')
  return socket
}

/** Within the time that everything of a caller who is out may stay open; ask before the reason for it. */
async function closing(socket: WebSocket): Promise<number> {
  const [code] = await once(socket, 'close', { signal: AbortSignal.timeout(10_000) })
  return code
}

test('a key is exchanged for a cookie that scripts cannot read, whose token is stored only as a hash', async () => {
  const { key, prefix } = await makeKey({ role: 'WRITE', name: 'grace' })
  const response = await fromPage('/session', { method: 'POST', body: { key } })
  const state = await response.json()
  expect(state).toEqual({
    keyRequired: true,
    viewer: {
      person: { id: expect.any(String), name: 'grace' },
      role: 'WRITE',
      installation: false,
      project: { id: encodeGlobalId('Project', t.scope.projectId), name: 'default' },
    },
    session: { key: { name: 'grace', prefix }, expiresAt: expect.any(String) },
  })
  const [cookie = '', ...attributes] = response.headers.get('set-cookie')?.split('; ') ?? []
  const [name, token = ''] = cookie.split('=')
  expect(name).toBe(`assay_session_${new URL(t.url).port}`)
  expect(attributes).toEqual(['Path=/', 'Max-Age=7776000', 'HttpOnly', 'SameSite=Strict'])
  expect(Buffer.from(token, 'base64url')).toHaveLength(32)
  const { rows } = await t.db.pool.query('SELECT sha256, session::text AS whole FROM session ORDER BY created_at DESC')
  expect(rows[0].sha256).toEqual(hash('sha256', token, 'buffer'))
  expect(rows[0].whole).not.toContain(token)

  expect(await (await fromPage('/session', { headers: { cookie } })).json()).toEqual(state)
  expect((await ask({ cookie })).data?.viewer).toEqual({
    role: 'WRITE',
    person: { name: 'grace' },
    project: { name: 'default' },
  })
  expect((await fetch(`${t.url}/output/none`, { headers: { cookie } })).status).toBe(404)
})

test('without a session a page learns that it needs one', async () => {
  const response = await fromPage('/session')
  expect(response.status).toBe(200)
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(await response.json()).toEqual({ keyRequired: true, viewer: null, session: null })
  expect((await ask({ cookie: `assay_session_${new URL(t.url).port}=unknown` })).errors).toMatchObject([
    { message: 'Your session has ended. Sign in again.', extensions: { code: 'UNAUTHENTICATED' } },
  ])
})

test('a wrong or revoked key, or a body that is none, signs nobody in', async () => {
  const { key, revoke } = await makeKey()
  await revoke()
  const bodies: [body: unknown, status: number, message: string][] = [
    [{ key: 'assay_wrong' }, 401, 'This API key is not known here, or was revoked.'],
    [{ key }, 401, 'This API key is not known here, or was revoked.'],
    [{ person: 'somebody' }, 400, 'key: expected string, got nothing.'],
    [{ key: 'assay_wrong', person: 'somebody' }, 400, 'expected no member "person"'],
    [{ key: 5 }, 400, 'key: expected string, got 5.'],
    [[], 400, 'body: expected object, got [].'],
    [{ key: 'x'.repeat(20_000) }, 413, 'at most 16,384 bytes'],
  ]
  for (const [body, status, message] of bodies) {
    const response = await fromPage('/session', { method: 'POST', body })
    expect([response.status, await response.text()]).toEqual([
      status,
      expect.stringContaining(message.replaceAll('"', '\\"')),
    ])
    expect(response.headers.has('set-cookie')).toBe(false)
  }
  const broken = await fetch(`${t.url}/session`, {
    method: 'POST',
    headers: { origin: t.url, 'content-type': 'application/json' },
    body: '{"key"',
  })
  expect([broken.status, await broken.text()]).toEqual([400, expect.stringContaining('a body that is no JSON')])
})

test('a revoked key ends its sessions in every process, sockets and event streams included', async () => {
  const { key, revoke } = await makeKey()
  const [here, there] = [await signIn(key), await signIn(key, otherUrl)]
  const sockets = [await follow(here), await follow(there, otherUrl)]
  const stream = await fromPage('/graphql', {
    method: 'POST',
    body: { query: 'subscription($runId: ID!) { runFeed(runId: $runId) { cursor } }', variables: { runId } },
    headers: { ...here, accept: 'text/event-stream' },
  })
  const streamEnded = stream.text().catch(() => 'BROKEN OFF')
  const closed = sockets.map(closing)
  await revoke()
  expect((await ask(here)).status).toBe(401)
  expect(await Promise.all(closed)).toEqual([4403, 4403])
  expect(await streamEnded).toBe('BROKEN OFF')
  expect((await ask(there, { url: otherUrl })).status).toBe(401)
  expect(await (await fromPage('/session', { headers: here })).json()).toMatchObject({ viewer: null })
}, 15_000)

test('signing out ends one session, in every process, and removes the cookie', async () => {
  const { key } = await makeKey()
  const [leaving, staying] = [await signIn(key), await signIn(key)]
  // The same browser at another process behind the same address.
  const there = { cookie: leaving.cookie.replace(new URL(t.url).port, new URL(otherUrl).port) }
  const [here, elsewhere, kept] = [await follow(leaving), await follow(there, otherUrl), await follow(staying)]
  const closed = [closing(here), closing(elsewhere)]
  const response = await fromPage('/session', { method: 'DELETE', headers: leaving })
  expect(response.status).toBe(204)
  expect(response.headers.get('set-cookie')).toMatch(/=; Path=\/; Max-Age=0; HttpOnly; SameSite=Strict$/)
  expect(await Promise.all(closed)).toEqual([4403, 4403])
  expect((await ask(leaving)).status).toBe(401)
  expect((await ask(staying)).status).toBe(200)
  kept.send('{"type":"ping"}')
  expect(String((await once(kept, 'message'))[0])).toContain('pong')
  expect((await fromPage('/session', { method: 'DELETE', headers: leaving })).status).toBe(204)
}, 15_000)

describe('a cookie counts only for what a page of this server has sent', () => {
  let cookie: string
  beforeAll(async () => {
    cookie = (await signIn((await makeKey()).key)).cookie
  })
  const status = async (path: string, method: string, headers: Record<string, string>, body?: string) =>
    (await fetch(`${t.url}${path}`, { method, headers: { cookie, ...headers }, body })).status

  test('a request that changes something needs the Origin, and a type or header that a page must be allowed', async () => {
    const json = { 'content-type': 'application/json' }
    const query = JSON.stringify(viewer)
    expect(await status('/graphql', 'POST', { ...json, origin: t.url }, query)).toBe(200)
    expect(await status('/graphql', 'POST', json, query)).toBe(403)
    expect(await status('/graphql', 'POST', { ...json, origin: 'null' }, query)).toBe(403)
    expect(await status('/graphql', 'POST', { ...json, origin: 'https://evil.example' }, query)).toBe(403)
    expect(await status('/import/new', 'POST', { origin: t.url, 'content-type': 'text/plain' }, '{"input":1}')).toBe(
      403,
    )
    expect(await t.db.prisma.dataset.count({ where: { name: 'new' } })).toBe(0)
    const marked = { origin: t.url, 'content-type': 'text/plain', 'x-assay-session': '1' }
    expect(await status('/import/new', 'POST', marked, '{"input":1}')).toBe(200)
    for (const method of ['POST', 'PATCH', 'DELETE']) {
      expect(await status('/session', method, json, method === 'DELETE' ? undefined : '{}'), method).toBe(403)
      expect(
        await status('/session', method, { origin: listed, ...json }, method === 'DELETE' ? undefined : '{}'),
      ).toBe(403)
    }
  })

  test('pages on other ports of the same host, and of listed origins, use no session', async () => {
    const query = `/graphql?${new URLSearchParams(viewer)}`
    expect(await status(query, 'GET', {})).toBe(200)
    expect(await status(query, 'GET', { 'sec-fetch-site': 'same-origin' })).toBe(200)
    // An address that the user has typed.
    expect(await status(query, 'GET', { 'sec-fetch-site': 'none' })).toBe(200)
    expect(await status(query, 'GET', { 'sec-fetch-site': 'same-site' })).toBe(401)
    expect(await status(query, 'GET', { 'sec-fetch-site': 'cross-site' })).toBe(401)
    expect(await status(query, 'GET', { origin: listed })).toBe(401)
    const preflight = await fetch(`${t.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin: listed, 'access-control-request-method': 'POST' },
    })
    expect(preflight.headers.has('access-control-allow-credentials')).toBe(false)
  })

  test('a WebSocket takes it under the Origin of a page of this server', async () => {
    expect(await connect({ cookie })).toBeInstanceOf(WebSocket)
    expect(await connect({ cookie, origin: listed })).toBe(4403)
    const socket = new WebSocket(`${t.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
      headers: { cookie },
    })
    await once(socket, 'open')
    socket.send('{"type":"connection_init"}')
    const [code, reason] = await once(socket, 'close')
    expect([code, String(reason)]).toEqual([4403, expect.stringContaining('Expected the Origin')])
  })

  test('a key goes before it', async () => {
    const { key } = await makeKey({ name: 'robot', role: 'READ' })
    const authorization = `Bearer ${key}`
    expect((await ask({ cookie, authorization })).data?.viewer).toMatchObject({ person: { name: 'robot' } })
    expect(
      await status('/graphql', 'POST', { authorization, 'content-type': 'application/json' }, JSON.stringify(viewer)),
    ).toBe(200)
    expect((await ask({ cookie, authorization: 'Bearer assay_wrong' })).status).toBe(401)
    expect(await connect({ cookie, origin: listed }, t.url, { authorization })).toBeInstanceOf(WebSocket)
  })
})

describe('a session lasts', () => {
  const idOf = async ({ cookie }: { cookie: string }) => {
    const sha256 = hash('sha256', cookie.split('=')[1] ?? '', 'buffer')
    return (await t.db.prisma.session.findUniqueOrThrow({ where: { sha256 } })).id
  }
  const daysLeft = async (id: string) => {
    const { rows } = await t.db.pool.query(
      `SELECT round(extract(epoch FROM expires_at - now()) / 86400)::int AS days FROM session WHERE id = $1`,
      [id],
    )
    return rows[0].days
  }

  test('30 days after its last use, 90 days after it began at the latest', async () => {
    const { key, id: apiKeyId } = await makeKey()
    const session = await signIn(key)
    const id = await idOf(session)
    expect(await daysLeft(id)).toBe(30)
    const age = (days: number) =>
      t.db.pool.query(
        `UPDATE session SET created_at = now() - $2 * interval '1 day', last_used_at = now() - interval '1 hour',
           expires_at = now() + interval '1 day' WHERE id = $1`,
        [id, days],
      )
    await age(50)
    expect((await ask(session)).status).toBe(200)
    expect(await daysLeft(id)).toBe(30)
    await age(80)
    expect((await ask(session)).status).toBe(200)
    expect(await daysLeft(id)).toBe(10)
    const apiKey = await t.db.prisma.apiKey.findUniqueOrThrow({ where: { id: apiKeyId } })
    expect(Date.now() - Number(apiKey.lastUsedAt)).toBeLessThan(60_000)
  })

  test('until then, when also its sockets are closed; the next sign-in deletes what is left of it', async () => {
    const { key } = await makeKey()
    const session = await signIn(key)
    const id = await idOf(session)
    const closed = closing(await follow(session))
    await t.db.pool.query('UPDATE session SET expires_at = now() WHERE id = $1', [id])
    expect((await ask(session)).status).toBe(401)
    expect(await closed).toBe(4403)
    await signIn(key)
    expect(await t.db.prisma.session.count({ where: { id } })).toBe(0)
  }, 15_000)

  test('unless 1,000 others with its key were used since', async () => {
    const { key, id: apiKeyId } = await makeKey()
    const oldest = await signIn(key)
    await t.db.pool.query(
      `INSERT INTO session (sha256, api_key_id, last_used_at, expires_at)
       SELECT sha256(n::text::bytea), $1, now() + interval '1 minute', now() + interval '1 day' FROM generate_series(1, 999) n`,
      [apiKeyId],
    )
    expect((await ask(oldest)).status).toBe(200)
    const newest = await signIn(key)
    expect((await ask(oldest)).status).toBe(401)
    expect((await ask(newest)).status).toBe(200)
    expect(await t.db.prisma.session.count({ where: { apiKeyId } })).toBe(1_000)
  })
})

test('signing in again ends the session before', async () => {
  const { key } = await makeKey()
  const before = await signIn(key)
  const after = cookieOf(await fromPage('/session', { method: 'POST', body: { key }, headers: before }))
  expect((await ask(before)).status).toBe(401)
  expect((await ask(after)).status).toBe(200)
})

test('a session with a key of the installation is in the project that was chosen, unless a request names another', async () => {
  const project = await createProject(t.db, t.scope, { name: 'größe' })
  const { key } = await makeKey({ installation: true })
  const signedIn = await fromPage('/session', { method: 'POST', body: { key, project: 'größe' } })
  const session = cookieOf(signedIn)
  expect(await signedIn.json()).toMatchObject({ viewer: { installation: true, project: { name: 'größe' } } })
  const projectOf = async (headers: object) =>
    ((await ask(headers)).data?.viewer as { project: { name: string } } | undefined)?.project.name
  expect(await projectOf(session)).toBe('größe')
  expect(await projectOf({ ...session, 'x-assay-project': 'default' })).toBe('default')

  const choose = (chosen: string, headers: object = session) =>
    fromPage('/session', { method: 'PATCH', body: { project: chosen }, headers })
  expect(await (await choose('default')).json()).toMatchObject({ viewer: { project: { name: 'default' } } })
  expect(await projectOf(session)).toBe('default')
  expect((await choose(encodeGlobalId('Project', project.id))).status).toBe(200)
  expect(await projectOf(session)).toBe('größe')
  const { id } = await t.db.prisma.dataset.create({ data: { projectId: project.id, name: 'linked', seed: 's' } })
  const exported = `/export/datasets/${encodeGlobalId('Dataset', id)}.jsonl`
  await choose('default')
  expect((await fromPage(exported, { headers: session })).status).toBe(404)
  // A link has no headers.
  expect((await fromPage(`${exported}?project=${encodeURIComponent('größe')}`, { headers: session })).status).toBe(200)
  await choose('größe')
  expect((await choose('nowhere')).status).toBe(404)
  expect(await projectOf(session)).toBe('größe')

  const ofProject = await signIn((await makeKey()).key)
  expect((await choose('größe', ofProject)).status).toBe(403)
  expect((await choose('default', ofProject)).status).toBe(200)
  expect((await choose('default', {})).status).toBe(401)
})

test('behind https the cookie is for encrypted connections of this host only', async () => {
  const publicUrl = 'https://assay.example'
  const url = await serve({ publicUrl })
  const { key } = await makeKey()
  const from = (origin: string) =>
    fetch(`${url}/session`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: JSON.stringify({ key }),
    })
  const response = await from(publicUrl)
  expect(response.headers.get('set-cookie')).toMatch(
    /^__Host-assay_session_443=[\w-]{43}; Path=\/; Max-Age=7776000; HttpOnly; SameSite=Strict; Secure$/,
  )
  const session = cookieOf(response)
  const query = JSON.stringify(viewer)
  const headers = { ...session, origin: publicUrl, 'content-type': 'application/json' }
  expect((await fetch(`${url}/graphql`, { method: 'POST', headers, body: query })).status).toBe(200)
  // The cookie of an unencrypted page cannot stand in for it.
  const cookie = session.cookie.replace('__Host-assay_session_443', `assay_session_${new URL(url).port}`)
  expect((await fetch(`${url}/graphql`, { method: 'POST', headers: { ...headers, cookie }, body: query })).status).toBe(
    401,
  )
  // Such a page's cookie would be lost, and its key was readable on the way.
  const unencrypted = { host: 'assay.example', origin: 'http://assay.example', 'content-type': 'application/json' }
  const sent = request(`${url}/session`, { method: 'POST', headers: unencrypted })
  sent.end(JSON.stringify({ key }))
  const [refused] = (await once(sent, 'response')) as [IncomingMessage]
  expect(refused.statusCode).toBe(403)
  expect((await Array.fromAsync(refused)).join('')).toContain(`Expected a page of ${publicUrl}`)
})

describe('a server that needs no keys', () => {
  let open: TestServer
  beforeAll(async () => {
    open = await startTestServer()
  })
  afterAll(() => open[Symbol.asyncDispose]())
  const post = (body: object) => fromPage('/session', { method: 'POST', body, url: open.url })

  test('needs no session, but lets people say who they are, for what they write', async () => {
    expect(await (await fromPage('/session', { url: open.url })).json()).toMatchObject({
      keyRequired: false,
      viewer: { person: { name: 'local' }, role: 'ADMIN', installation: true, project: { name: 'default' } },
      session: null,
    })
    const response = await post({ person: 'Lin' })
    const session = cookieOf(response)
    expect(await response.json()).toMatchObject({
      keyRequired: false,
      viewer: { person: { name: 'Lin' }, role: 'ADMIN', installation: true },
      session: { key: null },
    })
    expect((await ask(session, { url: open.url })).data?.viewer).toMatchObject({ person: { name: 'Lin' } })
    const again = cookieOf(await post({ person: 'Lin' }))
    expect((await ask(again, { url: open.url })).data?.viewer).toMatchObject({ person: { name: 'Lin' } })
    expect(await open.db.prisma.person.count({ where: { name: 'Lin' } })).toBe(1)
    const refused = await post({ person: ' Lin ' })
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('without surrounding space')])
    expect((await post({ key: 'assay_wrong' })).status).toBe(401)
  })

  test('knows nothing of the session of a server that was there before, and works all the same', async () => {
    const cookie = `assay_session_${new URL(open.url).port}=of-another-database`
    expect((await ask({ cookie }, { url: open.url })).data?.viewer).toMatchObject({ person: { name: 'local' } })
    expect(await connect({ cookie }, open.url)).toBeInstanceOf(WebSocket)
  })

  test('ends such sessions with its first key', async () => {
    const session = cookieOf(await post({ person: 'Kim', project: 'default' }))
    const socket = (await connect(session, open.url)) as WebSocket
    const closed = closing(socket)
    await createApiKey(open.db, open.scope, { name: 'first', role: 'ADMIN' })
    expect(await closed).toBe(4403)
    expect((await ask(session, { url: open.url })).status).toBe(401)
    expect(await (await fromPage('/session', { headers: session, url: open.url })).json()).toEqual({
      keyRequired: true,
      viewer: null,
      session: null,
    })
  }, 15_000)
})
