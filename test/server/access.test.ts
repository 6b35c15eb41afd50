import { once } from 'node:events'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import type { Role } from '../../src/domain/scope.ts'
import { createApiKey, revokeApiKey } from '../../src/engine/projects/api-keys.ts'
import { createProject } from '../../src/engine/projects/projects.ts'
import { startServer } from '../../src/server/start-server.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

const viewer = '{ viewer { role installation project { name } person { name } } }'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

async function makeKey({ installation = false, role = 'ADMIN' as Role }, { db, scope } = t) {
  const { key, apiKey } = await createApiKey(db, scope, { name: 'me', role, installation })
  return { headers: { authorization: `Bearer ${key}` }, id: apiKey.id }
}

test('with its first key a server that needed none asks for one, also of who is connected', async () => {
  await using own = await startTestServer()
  expect((await own.query(viewer)).data.viewer).toEqual({
    role: 'ADMIN',
    installation: true,
    project: { name: 'default' },
    person: { name: 'local' },
  })
  const socket = new WebSocket(`${own.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await once(socket, 'open')
  socket.send('{"type":"connection_init"}')
  await once(socket, 'message')
  const create =
    'mutation { createApiKey(input: { name: "first", role: WRITE }) { ... on CreateApiKeyPayload { key } } }'
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(20_000) })
  const { key } = (await own.query(create)).data.createApiKey
  expect((await closed)[0]).toBe(4403)
  expect(await own.query(viewer)).toMatchObject({ status: 401 })
  expect((await own.query(viewer, {}, { authorization: `Bearer ${key}` })).data.viewer).toEqual({
    role: 'WRITE',
    installation: false,
    project: { name: 'default' },
    person: { name: 'first' },
  })
})

test('a server stays keyed after its last key was revoked, unless it is told to be open, on loopback', async () => {
  const { id } = await makeKey({})
  await revokeApiKey(t.db, t.scope, id)
  const start = async (options: object) => {
    const server = await startServer({ ...t, host: '127.0.0.1', port: 0, ...options })
    onTestFinished(server.stop)
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: viewer }),
    })
    await server.stop()
    return response.status
  }
  expect(await start({})).toBe(401)
  expect(await start({ open: true })).toBe(200)
  await expect(start({ open: true, host: '0.0.0.0' })).rejects.toThrow('Refusing to listen on 0.0.0.0 with --open')
  await expect(start({ open: true, publicUrl: 'https://assay.example' })).rejects.toThrow('assay.example with --open')
})

test('a key of the installation chooses the project by header or connection parameter, by name or id', async () => {
  const project = await createProject(t.db, t.scope, { name: 'größe & mehr' })
  const { headers } = await makeKey({ installation: true, role: 'READ' })
  const inProject = async (chosen: string) => {
    const { status, data } = await t.query(viewer, {}, { ...headers, 'x-assay-project': chosen })
    return data?.viewer.project.name ?? status
  }
  expect((await t.query(viewer, {}, headers)).data.viewer).toMatchObject({ role: 'READ', project: { name: 'default' } })
  expect(await inProject(encodeURIComponent(project.name))).toBe(project.name)
  expect(await inProject(encodeGlobalId('Project', project.id))).toBe(project.name)
  expect(await inProject('nowhere')).toBe(404)

  const socket = new WebSocket(`${t.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'connection_init', payload: { ...headers, project: project.name } }))
  await once(socket, 'message')
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: viewer } }))
  expect(JSON.parse(String((await once(socket, 'message'))[0]))).toMatchObject({
    payload: { data: { viewer: { project: { name: project.name } } } },
  })
  socket.close()
})

test('a key of a project is refused in any other, whether that exists or not', async () => {
  const other = await createProject(t.db, t.scope, { name: 'other' })
  const { headers } = await makeKey({})
  const status = async (project: string) =>
    (await t.query(viewer, {}, { ...headers, 'x-assay-project': project })).status
  expect(await status('default')).toBe(200)
  const answers = await Promise.all(
    ['other', encodeGlobalId('Project', other.id), 'nowhere'].map((project) =>
      t.query(viewer, {}, { ...headers, 'x-assay-project': project }),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual([403, 403, 403])
  expect(new Set(answers.map(({ errors }) => errors?.[0]?.message)).size).toBe(1)
})

test('metrics, which name what is in all projects, are for keys of the installation', async () => {
  await using own = await startTestServer()
  const status = async ({ headers }: { headers: Record<string, string> }) =>
    (await fetch(`${own.url}/metrics`, { headers })).status
  expect(await status({ headers: {} })).toBe(200)
  const scraper = await makeKey({ installation: true, role: 'READ' }, own)
  const admin = await makeKey({}, own)
  expect([await status(scraper), await status(admin)]).toEqual([200, 403])
})
