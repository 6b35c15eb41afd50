import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import type { Role } from '../../src/domain/scope.ts'
import { createApiKey, revokeApiKey } from '../../src/engine/projects/api-keys.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
/** A run that nobody executes: its feed stays open. */
let runId: string
let datasetId: string
beforeAll(async () => {
  t = await startTestServer({ tasks: [{ name: 'echo', run: (input) => input }] })
  datasetId = await seedDataset(t, [1])
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'echo' })
  runId = encodeGlobalId('Run', (await startRun(t.services, t.scope, { experimentId })).id)
})
afterAll(() => t[Symbol.asyncDispose]())

async function makeKey(role: Role = 'ADMIN') {
  const { key, apiKey } = await createApiKey(t.db, t.scope, { name: 'me', role })
  return { authorization: `Bearer ${key}`, revoke: () => revokeApiKey(t.db, t.scope, apiKey.id), id: apiKey.id }
}

const feed = 'subscription($runId: ID!) { runFeed(runId: $runId) { cursor } }'
/** Twice what may pass until a caller is out, in milliseconds: also a busy machine gets there. */
const limitMs = 20_000

/** A subscription over a WebSocket that has begun. */
async function followOverSocket(connection: object, headers: Record<string, string> = {}) {
  const socket = new WebSocket(`${t.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers })
  onTestFinished(() => socket.terminate())
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'connection_init', payload: connection }))
  await once(socket, 'message')
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: feed, variables: { runId } } }))
  expect(String((await once(socket, 'message'))[0])).toContain('"cursor"')
  return socket
}

/** With which code the socket is closed; ask before the reason for it. */
async function closing(socket: WebSocket): Promise<number> {
  const [code] = await once(socket, 'close', { signal: AbortSignal.timeout(limitMs) })
  return code
}

/** A request that is being answered: its response, and how it ends. */
async function openRequest(method: string, path: string, headers: Record<string, string>, body: string) {
  const sent = request(`${t.url}${path}`, { method, headers })
  sent.on('error', () => {})
  onTestFinished(() => void sent.destroy())
  const response = once(sent, 'response', { signal: AbortSignal.timeout(limitMs) }) as Promise<[IncomingMessage]>
  response.catch(() => {})
  return { sent, response, write: () => sent.write(body) }
}

async function ended(response: IncomingMessage): Promise<'WHOLE' | 'BROKEN OFF'> {
  response.resume().on('error', () => {})
  await expect.poll(() => response.closed, { timeout: limitMs }).toBe(true)
  return response.complete ? 'WHOLE' : 'BROKEN OFF'
}

test('a WebSocket is closed with 4403, and its subscriptions end', async () => {
  const { authorization, revoke } = await makeKey()
  const socket = await followOverSocket({ authorization })
  const { subscribers } = t.feeds
  const closed = closing(socket)
  await revoke()
  expect(await closed).toBe(4403)
  await expect.poll(() => t.feeds.subscribers).toBe(subscribers - 1)
})

test('a client that does not answer the end of its WebSocket is cut off', async () => {
  const { authorization, revoke } = await makeKey()
  const socket = await followOverSocket({ authorization })
  const { subscribers } = t.feeds
  socket.pause()
  await revoke()
  await expect.poll(() => t.feeds.subscribers, { timeout: limitMs }).toBe(subscribers - 1)
})

test('an event stream is broken off', async () => {
  const { authorization, revoke } = await makeKey()
  const { sent, response } = await openRequest(
    'POST',
    '/graphql',
    { authorization, accept: 'text/event-stream', 'content-type': 'application/json' },
    '',
  )
  sent.end(JSON.stringify({ query: feed, variables: { runId } }))
  const [stream] = await response
  let text = ''
  stream.on('data', (chunk) => {
    text += chunk
  })
  await expect.poll(() => text).toContain('event: next')
  const { subscribers } = t.feeds
  const end = ended(stream)
  await revoke()
  expect(await end).toBe('BROKEN OFF')
  await expect.poll(() => t.feeds.subscribers).toBe(subscribers - 1)
})

test('an import in flight stores nothing, and is told why', async () => {
  const { authorization, revoke } = await makeKey()
  const { sent, response } = await openRequest('POST', '/import/slow', { authorization }, '')
  sent.write('{"input":1}\n')
  await expect.poll(() => importing()).toBe(1)
  await revoke()
  const [answer] = await response
  expect(answer.statusCode).toBe(401)
  sent.end('{"input":2}\n')
  await expect.poll(() => importing()).toBe(0)
  expect(await t.db.prisma.dataset.count({ where: { name: 'slow' } })).toBe(0)
})

test('an import that arrived whole but is not stored yet stores nothing', async () => {
  const { authorization, revoke } = await makeKey()
  // Whoever holds the dataset keeps the import waiting.
  const holder = await t.db.pool.connect()
  // Not given back, because its transaction may be open.
  onTestFinished(() => holder.release(true))
  await holder.query('BEGIN')
  await holder.query('SELECT FROM dataset WHERE id = $1 FOR UPDATE', [datasetId])
  const { name } = await t.db.prisma.dataset.findUniqueOrThrow({ where: { id: datasetId } })
  const { sent, response } = await openRequest('POST', `/import/${name}`, { authorization }, '')
  sent.end('{"input":"late"}\n')
  await expect.poll(() => waiting()).toBe(1)
  const closed = closing(await followOverSocket({ authorization }))
  await revoke()
  await closed
  await holder.query('COMMIT')
  const [answer] = await response
  expect(answer.statusCode).toBe(401)
  expect(await t.db.prisma.datasetItemRevision.count({ where: { datasetId, input: { equals: 'late' } } })).toBe(0)
})

describe('an export of 40 MB', () => {
  let id: string
  beforeAll(async () => {
    const inputs = Array.from({ length: 400 }, () => 'x'.repeat(100_000))
    id = encodeGlobalId('Dataset', await seedDataset(t, inputs))
  })

  async function startExport() {
    const { authorization, revoke } = await makeKey('READ')
    const { sent, response } = await openRequest('GET', `/export/datasets/${id}.jsonl`, { authorization }, '')
    sent.end()
    const closed = closing(await followOverSocket({ authorization }))
    return { response, revoke: () => Promise.all([revoke(), closed]) }
  }

  test('that a client does not take is broken off', async () => {
    const { response, revoke } = await startExport()
    const [answer] = await response
    answer.pause()
    await revoke()
    expect(await ended(answer)).toBe('BROKEN OFF')
  })

  test('whose answer begins only after the key was revoked is broken off', async () => {
    const holder = await t.db.pool.connect()
    onTestFinished(() => holder.release(true))
    await holder.query('BEGIN; LOCK TABLE dataset')
    const { response, revoke } = await startExport()
    await expect.poll(() => waiting()).toBe(1)
    await revoke()
    await holder.query('COMMIT')
    const [answer] = await response
    // A client that takes about 3 MB a second.
    answer.on('data', () => {
      answer.pause()
      setTimeout(() => answer.resume(), 20)
    })
    expect(await ended(answer)).toBe('BROKEN OFF')
  })
})

test('an output of 40 MB that a client does not take is broken off', async () => {
  const run = await recordRun(t, await seedDataset(t, [1]), [{ item: 0, output: 'x'.repeat(40_000_000) }])
  const { authorization, revoke } = await makeKey('READ')
  const { sent, response } = await openRequest(
    'GET',
    `/output/${encodeGlobalId('RunItem', `${run}:0`)}`,
    { authorization },
    '',
  )
  sent.end()
  const [answer] = await response
  answer.pause()
  const closed = closing(await followOverSocket({ authorization }))
  await Promise.all([revoke(), closed])
  expect(await ended(answer)).toBe('BROKEN OFF')
})

test('a revocation that nobody announces is found', async () => {
  const { authorization, id } = await makeKey()
  const socket = await followOverSocket({ authorization })
  const closed = closing(socket)
  // Without triggers, one of which would announce it.
  await t.db.pool.query(
    `BEGIN; SET LOCAL session_replication_role = replica; UPDATE api_key SET revoked_at = now() WHERE id = '${id}'; COMMIT`,
  )
  expect(await closed).toBe(4403)
})

test('only what is open with the revoked key is closed', async () => {
  const [kept, revoked] = [await makeKey(), await makeKey()]
  const keptSocket = await followOverSocket({ authorization: kept.authorization })
  const closed = closing(await followOverSocket({ authorization: revoked.authorization }))
  await revoked.revoke()
  await closed
  keptSocket.send(JSON.stringify({ type: 'ping' }))
  expect(String((await once(keptSocket, 'message'))[0])).toContain('pong')
})

async function importing(): Promise<number> {
  const { rows } = await t.db.pool.query<{ count: number }>(
    `SELECT count(*)::int FROM pg_stat_activity
     WHERE datname = current_database() AND state <> 'idle' AND query ILIKE '%COPY %' AND pid <> pg_backend_pid()`,
  )
  return rows[0]?.count ?? 0
}

async function waiting(): Promise<number> {
  const { rows } = await t.db.pool.query<{ count: number }>(
    `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  )
  return rows[0]?.count ?? 0
}
