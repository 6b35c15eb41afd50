/** Requests whose statements take long: they end with their clients, and keep nobody else waiting. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { requestLimits } from '../../src/db/client.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { expensiveLimits } from '../../src/server/limits/expensive-operations.ts'
import { startServer } from '../../src/server/start-server.ts'
import { operationLimits } from '../../src/server/use-statement-scope.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
beforeAll(async () => {
  // The database ends no statement as long as a test polls for the one of a client that has left to be cancelled.
  const { readStatementMs } = requestLimits
  requestLimits.readStatementMs = 30_000
  t = await startTestServer()
  requestLimits.readStatementMs = readStatementMs
})
afterAll(() => t[Symbol.asyncDispose]())

const slow = '{ evaluators { nodes { id } } }'

/** Makes statements that read evaluators wait until the test ends. */
async function lockEvaluators(t: TestServer): Promise<void> {
  const client = await t.db.pool.connect()
  await client.query('BEGIN; LOCK TABLE evaluator')
  onTestFinished(async () => {
    await client.query('COMMIT')
    client.release()
  })
}

async function waiting(t: TestServer): Promise<number> {
  const { rows } = await t.db.pool.query<{ count: number }>(
    `SELECT count(*)::int FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active'`,
  )
  return rows[0]?.count ?? 0
}

test('a client that hangs up takes its statements along, over HTTP', async () => {
  await lockEvaluators(t)
  const client = new AbortController()
  const answer = fetch(`${t.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: slow }),
    signal: client.signal,
  })
  await expect.poll(() => waiting(t)).toBe(1)
  client.abort()
  await expect(answer).rejects.toThrow()
  await expect.poll(() => waiting(t)).toBe(0)
})

test.each([
  ['closes its socket', (socket: WebSocket) => socket.close()],
  ['completes the operation', (socket: WebSocket) => socket.send('{"id":"1","type":"complete"}')],
])('a client that %s takes its statements along, over WebSocket', async (_how, leave) => {
  await lockEvaluators(t)
  const socket = new WebSocket(`${t.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  onTestFinished(() => socket.terminate())
  await once(socket, 'open')
  socket.send('{"type":"connection_init"}')
  await once(socket, 'message')
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: slow } }))
  await expect.poll(() => waiting(t)).toBe(1)
  leave(socket)
  await expect.poll(() => waiting(t)).toBe(0)
})

test('readers that wait for the database keep neither its health nor other keys nor writers waiting', async () => {
  const t = await startTestServer()
  onTestFinished(() => t[Symbol.asyncDispose]())
  const keys = await Promise.all(['theirs', 'mine'].map((name) => createApiKey(t.db, t.scope, { name, role: 'ADMIN' })))
  const server = await startServer({ ...t, host: '127.0.0.1', port: 0 })
  onTestFinished(() => server.stop())
  const ask = (key: string | undefined, query: string, signal?: AbortSignal) =>
    fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query }),
      signal,
    }).then((response) => response.json())

  await lockEvaluators(t)
  const leaving = new AbortController()
  const theirs = Array.from({ length: 40 }, () => ask(keys[0]?.key, slow, leaving.signal).catch(() => 'gone'))
  await expect.poll(() => waiting(t)).toBe(6)
  const mine = AbortSignal.timeout(30_000)
  expect(await ask(keys[1]?.key, '{ datasets { nodes { id } } }', mine)).toEqual({ data: { datasets: { nodes: [] } } })
  const create = 'mutation { createDataset(input: { name: "x" }) { ... on CreateDatasetPayload { dataset { name } } } }'
  expect(await ask(keys[0]?.key, create, mine)).toEqual({ data: { createDataset: { dataset: { name: 'x' } } } })
  expect((await fetch(`${server.url}/readyz`, { signal: mine })).status).toBe(200)
  leaving.abort()
  expect(await Promise.all(theirs)).toEqual(theirs.map(() => 'gone'))
  await expect.poll(() => waiting(t)).toBe(0)
})

test('searches beyond those of a caller wait, and one too many is refused', async () => {
  const { waitingPerCaller } = expensiveLimits
  expensiveLimits.waitingPerCaller = 1
  onTestFinished(() => {
    expensiveLimits.waitingPerCaller = waitingPerCaller
  })
  const locked = await t.db.pool.connect()
  await locked.query('BEGIN; LOCK TABLE evaluator')
  const search = () => t.query('{ evaluators(filter: { search: "x" }) { nodes { id } } }')
  const first = [search(), search(), search()]
  await expect.poll(() => waiting(t)).toBe(2)
  const refused = await search()
  await locked.query('COMMIT')
  locked.release()
  expect(refused.errors).toMatchObject([
    { message: expect.stringMatching(/at most 2 comparisons or searches at once/), extensions: { code: 'LIMIT' } },
  ])
  expect((await Promise.all(first)).map(({ errors }) => errors)).toEqual([undefined, undefined, undefined])
})

test('a query ends after its time, with a sentence that says so', async () => {
  const { queryMs } = operationLimits
  operationLimits.queryMs = 200
  onTestFinished(() => {
    operationLimits.queryMs = queryMs
  })
  await lockEvaluators(t)
  const { errors } = await t.query(slow)
  expect(errors).toMatchObject([
    { message: 'This query took longer than 0.2 s; ask for less at once.', extensions: { code: 'LIMIT' } },
  ])
  await expect.poll(() => waiting(t)).toBe(0)
})

test('imports that drip hold no more than the places of their project', async () => {
  const t = await startTestServer()
  onTestFinished(() => t[Symbol.asyncDispose]())
  const other = await t.db.prisma.project.create({ data: { name: 'other' } })
  const [theirs, mine] = await Promise.all(
    [t.scope.projectId, other.id].map((projectId) =>
      createApiKey(t.db, { ...t.scope, projectId }, { name: 'k', role: 'ADMIN' }),
    ),
  )
  const server = await startServer({ ...t, host: '127.0.0.1', port: 0 })
  onTestFinished(() => server.stop())
  const { hostname, port } = new URL(server.url)
  for (let n = 0; n < 5; n++) {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
    socket.write(
      `POST /import/slow${n} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${theirs?.key}\r\ncontent-length: 1000\r\n\r\n{"input":`,
    )
  }
  const importing = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY %'`
  await expect.poll(async () => (await t.db.pool.query(importing)).rowCount).toBe(3)
  const send = (key: string | undefined) =>
    fetch(`${server.url}/import/x`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: '{"input":1}',
    })
  expect((await send(theirs?.key)).status).toBe(429)
  expect((await send(mine?.key)).status).toBe(200)
})
