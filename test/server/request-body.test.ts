/** Bodies that are too large, or no text: every client gets to read why. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { startServer } from '../../src/server/start-server.ts'
import { longestTurn } from '../helpers/heavy-work.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

const json = { 'content-type': 'application/json' }
const large = (megabytes: number) => JSON.stringify({ query: `# ${'x'.repeat(megabytes * 1024 * 1024)}` })

test.each([5, 40])('fetch reads that a body of %i MB is too large', async (megabytes) => {
  for (let i = 0; i < 3; i++) {
    const response = await fetch(`${t.url}/graphql`, { method: 'POST', headers: json, body: large(megabytes) })
    expect(response.status).toBe(413)
    expect(await response.text()).toContain('at most 4,194,304 bytes')
  }
})

test('fetch reads that a body of 5 MB sent in chunks is too large', async () => {
  const response = await fetch(`${t.url}/graphql`, {
    method: 'POST',
    headers: json,
    body: new Blob([large(5)]).stream(),
    duplex: 'half',
  } as RequestInit)
  expect(response.status).toBe(413)
  expect(await response.text()).toContain('at most 4,194,304 bytes')
})

const python = spawnSync('python3', ['--version']).status === 0

test.skipIf(!python)('Python reads that a body of 40 MB is too large', async () => {
  const { hostname, port } = new URL(t.url)
  const script = `
import http.client
connection = http.client.HTTPConnection('${hostname}', ${port}, timeout=10)
connection.request('POST', '/graphql', 'x' * 40_000_000, {'content-type': 'application/json'})
print(connection.getresponse().status)`
  const child = spawn('python3', ['-c', script])
  expect((await text(child.stdout)).trim()).toBe('413')
})

test('a large body without a key is refused for the key', async () => {
  // With its own database: from its first key on, a server needs one.
  await using keyed = await startTestServer()
  await createApiKey(keyed.db, keyed.scope, { name: 'k', role: 'READ' })
  const server = await startServer({ ...keyed, host: '127.0.0.1', port: 0 })
  try {
    const response = await fetch(`${server.url}/graphql`, { method: 'POST', headers: json, body: large(20) })
    expect(response.status).toBe(401)
  } finally {
    await server.stop()
  }
})

test('a body without end is cut off', async () => {
  const { hostname, port } = new URL(t.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.resume()
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write(
    'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
  )
  const mebibyte = Buffer.from(`100000\r\n${'x'.repeat(2 ** 20)}\r\n`)
  let sent = 0
  while (!socket.destroyed && sent < 200) {
    sent += 1
    if (!socket.write(mebibyte)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed])
  }
  expect(sent).toBeLessThan(120)
  await closed
})

test('bytes that are no UTF-8 are refused with their place, in bodies, queries and frames', async () => {
  const head = '{"query":"{ viewer { role } } # '
  for (const [bytes, place] of [
    [[0xff], '0xff at position 32'],
    [[0xc3, 0x28], '0x28 at position 33'],
    [[0xed, 0xa0, 0x80], '0xa0 at position 33'],
  ] as const) {
    const body = Buffer.concat([Buffer.from(head), Buffer.from(bytes), Buffer.from('"}')])
    const response = await fetch(`${t.url}/graphql`, { method: 'POST', headers: json, body })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(`Expected UTF-8, got byte ${place} of the body.`)
  }
  const get = await fetch(`${t.url}/graphql?query=%7Bviewer%7Brole%7D%7D%23%FF`)
  expect([get.status, await get.text()]).toEqual([400, expect.stringContaining('of the query string')])
  expect((await fetch(`${t.url}/graphql?query=%7Bviewer%7Brole%7D%7D%23%C3%A9`)).status).toBe(200)

  const socket = new WebSocket(`${t.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await once(socket, 'open')
  socket.send(Buffer.from('{"type":"connection_init"}'), { binary: true })
  expect((await once(socket, 'close'))[0]).toBe(1003)
})

test.each([
  ['itself', { $ref: '#' }],
  [
    'itself through others',
    { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { anyOf: [{ $ref: '#/$defs/a' }] } } },
  ],
])('a schema that refers to %s without end is refused when it is given', async (_what, inputSchema) => {
  const query = `mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { __typename ... on InvalidInputError { message path } } }`
  const { data } = await t.query(query, { input: { name: 'endless', inputSchema } })
  expect(data.createDataset).toEqual({
    __typename: 'InvalidInputError',
    message: expect.stringContaining('does not refer to itself without end'),
    path: ['input', 'inputSchema'],
  })
})

const wrongIds = JSON.stringify({
  query: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }',
  variables: { ids: Array.from({ length: 300_000 }, () => ({})) },
})
const wrongItems = JSON.stringify({
  query: 'mutation ($input: UpsertDatasetItemsInput!) { upsertDatasetItems(input: $input) { __typename } }',
  variables: { input: { datasetId: 'x', items: Array.from({ length: 100_000 }, () => ({ inputs: 1, x: {} })) } },
})
const [open, close] = ['['.repeat(900_000), ']'.repeat(900_000)]
const deep = `{"query":"query ($id: ID!) { node(id: $id) { id } }","variables":{"id":${open}${close}}}`

test.each([
  ['many wrong values', wrongIds, 'ID cannot represent value: {}'],
  ['many wrong members', wrongItems, 'Field \\"inputs\\" is not defined'],
  ['brackets within brackets', deep, 'Expected at most 600 brackets within brackets, got more.'],
])('megabytes of %s hold up nobody for long', async (_kind, body, expected) => {
  let answer = ''
  const longest = await longestTurn(async () => {
    const response = await fetch(`${t.url}/graphql`, { method: 'POST', headers: json, body })
    answer = await response.text()
  })
  expect(answer).toContain(expected)
  expect(longest).toBeLessThan(20)
})

test.each([
  ['[]', json, 400],
  ['null', json, 400],
  ['{"query": "{ viewer { role } }"', json, 400],
  ['{"query": "{ viewer { role } }"}', json, 200],
  ['{"query": "{ viewer { role } }"}', { 'content-type': 'Application/JSON; charset=utf-8' }, 200],
  ['{"query": "{ viewer { role } }"}', { 'content-type': 'text/json' }, 415],
])('the body %s of %j is answered with %i', async (body, headers, status) => {
  const response = await fetch(`${t.url}/graphql`, { method: 'POST', headers, body })
  expect([response.status, await response.text()]).toEqual([
    status,
    expect.stringContaining(status === 200 ? 'role' : 'errors'),
  ])
})

test('brackets within brackets close a WebSocket without being parsed', async () => {
  const socket = new WebSocket(`${t.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await once(socket, 'open')
  socket.send('{"type":"connection_init"}')
  await once(socket, 'message')
  const closed = once(socket, 'close')
  const longest = await longestTurn(async () => {
    socket.send(`{"type":"ping","payload":{"x":${'['.repeat(500_000)}${']'.repeat(500_000)}}}`)
    await closed
  })
  const [code, reason] = await closed
  expect([code, String(reason)]).toEqual([4400, 'Expected at most 600 brackets within brackets, got more.'])
  expect(longest).toBeLessThan(20)
})
