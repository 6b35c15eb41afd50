/** Sessions of browsers, over real sockets. */
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { createProject } from '../../src/engine/projects/projects.ts'
import {
  ask,
  closing,
  cookieOf,
  follow,
  forget,
  fromPage,
  makeKey,
  otherUrl,
  runId,
  serve,
  signIn,
  t,
  useServer,
  viewer,
} from './session-server.ts'

useServer()

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
  expect(await Promise.all(closed)).toEqual([4403, 4403])
  expect((await ask(here)).status).toBe(401)
  expect(await streamEnded).toBe('BROKEN OFF')
  expect((await ask(there, { url: otherUrl })).status).toBe(401)
  expect(await (await fromPage('/session', { headers: here })).json()).toMatchObject({ viewer: null })
})

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
    const age = async (days: number) => {
      await t.db.pool.query(
        `UPDATE session SET created_at = now() - $2 * interval '1 day', last_used_at = now() - interval '1 hour',
           expires_at = now() + interval '1 day' WHERE id = $1`,
        [id, days],
      )
      forget()
    }
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
    await t.db.pool.query("UPDATE session SET expires_at = now() - interval '1 s' WHERE id = $1", [id])
    forget()
    expect((await ask(session)).status).toBe(401)
    expect(await closed).toBe(4403)
    await signIn(key)
    expect(await t.db.prisma.session.count({ where: { id } })).toBe(0)
  })

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
