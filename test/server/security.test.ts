import { once } from 'node:events'
import { request } from 'node:http'
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { startServer } from '../../src/server/start-server.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
beforeAll(async () => {
  // Keys are made beside requests that have none.
  t = await startTestServer({}, { open: true })
})
afterAll(() => t[Symbol.asyncDispose]())

/** A request with headers that fetch does not let anybody set. */
async function raw(headers: Record<string, string>, body: string | string[] = '{"query":"{ __typename }"}') {
  const sent = request(`${t.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
  })
  sent.on('error', () => {})
  for (const part of Array.isArray(body) ? body : [body]) sent.write(part)
  sent.end()
  const [response] = await once(sent, 'response')
  const text = (await Array.fromAsync(response)).join('')
  return { status: response.statusCode as number, text }
}

async function createKey(projectId: string, role: 'READ' | 'WRITE' = 'WRITE', revokedAt: Date | null = null) {
  const { key, apiKey } = await createApiKey(t.db, { ...t.scope, projectId }, { name: role, role })
  await t.db.prisma.apiKey.update({ where: { id: apiKey.id }, data: { revokedAt } })
  return { key, id: apiKey.id }
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

test('a Host that is not of this machine is refused, whatever it resolves to', async () => {
  expect(await raw({ host: 'evil.example' })).toMatchObject({
    status: 403,
    text: expect.stringContaining('evil.example'),
  })
  expect(await raw({ host: 'localhost:1' })).toMatchObject({ status: 200 })
})

test('requests of web pages of other origins are refused', async () => {
  expect(await raw({ origin: 'https://evil.example' })).toMatchObject({ status: 403 })
  expect(await raw({ origin: 'null' })).toMatchObject({ status: 403 })
  expect(await raw({ origin: t.url })).toMatchObject({ status: 200 })
})

test('content types that a web page may send without asking are refused', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    expect(await raw({ 'content-type': type })).toMatchObject({ status: 415 })
  }
})

test('a WebSocket of another origin, or on another path, is refused', async () => {
  const refused = async (path: string, origin: string) => {
    const socket = new WebSocket(`${t.url.replace('http', 'ws')}${path}`, 'graphql-transport-ws', { origin })
    const [, response] = await once(socket, 'unexpected-response')
    return response.statusCode
  }
  expect(await refused('/graphql', 'https://evil.example')).toBe(403)
  expect(await refused('/other', t.url)).toBe(403)
})

test('bodies above 4 MB are refused, with and without a declared length', async () => {
  const large = `{"query":"{ __typename }","variables":{"x":"${'x'.repeat(4 * 1024 * 1024)}"}}`
  expect(await raw({ 'content-length': String(large.length) }, large)).toMatchObject({ status: 413 })
  expect(await raw({ 'transfer-encoding': 'chunked' }, [large.slice(0, 100), large.slice(100)])).toMatchObject({
    status: 413,
  })
  expect(await raw({ 'transfer-encoding': 'chunked' }, ['{"query":', '"{ __typename }"}'])).toMatchObject({
    status: 200,
    text: expect.stringContaining('Query'),
  })
})

test('batches are refused', async () => {
  const { status } = await raw({}, '[{"query":"{ __typename }"}]')
  expect(status).toBe(400)
})

test('mutations are not executed over GET', async () => {
  const query = 'mutation { createDataset(input: { name: "by get" }) { __typename } }'
  const response = await fetch(`${t.url}/graphql?${new URLSearchParams({ query })}`)
  expect(response.status).toBe(405)
  expect(await t.db.prisma.dataset.count({ where: { name: 'by get' } })).toBe(0)
})

test('a key reads and writes its own project only', async () => {
  const mine = await t.db.prisma.project.create({ data: { name: 'mine' } })
  const { key } = await createKey(mine.id)
  const created = await t.query(
    'mutation { createDataset(input: { name: "secret" }) { ... on CreateDatasetPayload { dataset { id } } } }',
    {},
    bearer(key),
  )
  const { id } = created.data.createDataset.dataset
  const read =
    'query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } datasets { nodes { name } } viewer { role project { name } } }'
  expect((await t.query(read, { id }, bearer(key))).data).toEqual({
    node: { id },
    nodes: [{ id }],
    datasets: { nodes: [{ name: 'secret' }] },
    viewer: { role: 'WRITE', project: { name: 'mine' } },
  })
  const other = await t.query(read, { id })
  expect(other.data).toMatchObject({ node: null, nodes: [null], viewer: { project: { name: 'default' } } })
  expect(other.data.datasets.nodes).not.toContainEqual({ name: 'secret' })
  const deleted = await t.query('mutation($id: ID!) { deleteDataset(input: { id: $id }) { __typename } }', { id })
  expect(deleted.data.deleteDataset.__typename).toBe('NotFoundError')
})

test('a key with the role READ cannot write', async () => {
  const { key } = await createKey(t.scope.projectId, 'READ')
  const { data } = await t.query(
    'mutation { createDataset(input: { name: "x" }) { __typename ... on UserError { code } } }',
    {},
    bearer(key),
  )
  expect(data.createDataset).toEqual({ __typename: 'ForbiddenError', code: 'FORBIDDEN' })
})

test('unknown and revoked keys are refused over HTTP and WebSocket', async () => {
  const revoked = await createKey(t.scope.projectId, 'WRITE', new Date())
  for (const key of ['assay_unknown', revoked.key]) {
    expect(await t.query('{ __typename }', {}, bearer(key))).toMatchObject({ status: 401 })
    const client = createClient({
      url: `${t.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: bearer(key),
      retryAttempts: 0,
    })
    await expect(Array.fromAsync(client.iterate({ query: '{ __typename }' }))).rejects.toMatchObject({ code: 4403 })
  }
})

test('a key in connectionParams scopes a WebSocket', async () => {
  const project = await t.db.prisma.project.create({ data: { name: 'ws' } })
  const { key } = await createKey(project.id)
  const client = createClient({
    url: `${t.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: bearer(key),
  })
  expect(await Array.fromAsync(client.iterate({ query: '{ viewer { project { name } } }' }))).toEqual([
    { data: { viewer: { project: { name: 'ws' } } } },
  ])
  await client.dispose()
})

test('an operation on an open WebSocket is refused once its key is revoked', async () => {
  const { key, id } = await createKey(t.scope.projectId)
  const socket = new WebSocket(`${t.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await once(socket, 'open')
  const say = (message: object) => socket.send(JSON.stringify(message))
  say({ type: 'connection_init', payload: bearer(key) })
  await once(socket, 'message')
  say({ type: 'subscribe', id: '1', payload: { query: '{ viewer { role } }' } })
  expect(String((await once(socket, 'message'))[0])).toContain('"role":"WRITE"')
  // The server may hear of the revocation before it gets the operation.
  const closed = once(socket, 'close')
  await t.db.prisma.apiKey.update({ where: { id }, data: { revokedAt: new Date() } })
  say({ type: 'subscribe', id: '2', payload: { query: '{ viewer { role } }' } })
  expect((await closed)[0]).toBe(4403)
})

test('with keys in the database every request needs one, and other addresses may be served', async () => {
  const { services, feeds, comparisons, listener } = t
  await t.db.prisma.apiKey.deleteMany()
  const start = (host: string) => startServer({ services, feeds, comparisons, listener, host, port: 0 })
  await expect(start('0.0.0.0')).rejects.toThrow('Refusing to listen on 0.0.0.0 without authentication')
  const behindProxy = {
    services,
    feeds,
    comparisons,
    listener,
    host: '127.0.0.1',
    port: 0,
    publicUrl: 'https://assay.example',
  }
  await expect(startServer(behindProxy)).rejects.toThrow('Refusing to listen on assay.example')

  const { key } = await createKey(t.scope.projectId)
  const server = await start('0.0.0.0')
  const ask = (headers: Record<string, string>) =>
    fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{"query":"{ __typename }"}',
    })
  expect((await ask({})).status).toBe(401)
  expect((await ask(bearer(key))).status).toBe(200)
  await server.stop()
})

test('errors of ours are masked, with a number that is in the log', async () => {
  await t.db.pool.query('ALTER TABLE evaluator RENAME TO gone')
  const { data, errors } = await t.query('{ evaluators { nodes { id } } }')
  await t.db.pool.query('ALTER TABLE gone RENAME TO evaluator')
  expect(data).toEqual({ evaluators: null })
  expect(errors).toEqual([
    {
      message: expect.stringMatching(/^Something went wrong on our side\. .* [0-9a-f-]{36}\.$/),
      path: ['evaluators'],
      locations: [{ line: 1, column: 3 }],
      extensions: { code: 'INTERNAL_SERVER_ERROR', errorId: expect.any(String) },
    },
  ])
})
