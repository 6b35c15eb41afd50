/** The cookie of a session counts only for what a page of the server has sent. */
import { once } from 'node:events'
import { beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { ask, connect, listed, makeKey, signIn, t, useServer, viewer } from './session-server.ts'

useServer()

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
  expect(await status('/import/new', 'POST', { origin: t.url, 'content-type': 'text/plain' }, '{"input":1}')).toBe(403)
  expect(await t.db.prisma.dataset.count({ where: { name: 'new' } })).toBe(0)
  const marked = { origin: t.url, 'content-type': 'text/plain', 'x-assay-session': '1' }
  expect(await status('/import/new', 'POST', marked, '{"input":1}')).toBe(200)
  for (const method of ['POST', 'PATCH', 'DELETE']) {
    expect(await status('/session', method, json, method === 'DELETE' ? undefined : '{}'), method).toBe(403)
    expect(await status('/session', method, { origin: listed, ...json }, method === 'DELETE' ? undefined : '{}')).toBe(
      403,
    )
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
