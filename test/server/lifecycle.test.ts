import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { startServer } from '../../src/server/start-server.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

test('health says that the process lives, readiness that the database answers', async () => {
  expect(await (await fetch(`${t.url}/healthz`)).json()).toEqual({ status: 'ok' })
  expect(await (await fetch(`${t.url}/readyz`)).json()).toMatchObject({ status: 'ready' })
  await t.db.pool.query(`SELECT 1`)
  const { query } = t.db.pool
  t.db.pool.query = (() => Promise.reject(new Error('connection refused'))) as typeof query
  const unready = await fetch(`${t.url}/readyz`)
  t.db.pool.query = query
  expect(unready.status).toBe(503)
  expect((await fetch(`${t.url}/healthz`)).status).toBe(200)
})

test('other paths and methods are answered in JSON, the root leads to GraphiQL', async () => {
  const notFound = await fetch(`${t.url}/nothing`)
  expect(notFound.status).toBe(404)
  expect(await notFound.json()).toEqual({
    errors: [{ message: 'There is nothing at /nothing. The API is at /graphql.', extensions: { code: 'NOT_FOUND' } }],
  })
  const notAllowed = await fetch(`${t.url}/healthz`, { method: 'DELETE' })
  expect(notAllowed.status).toBe(405)
  expect(notAllowed.headers.get('allow')).toBe('GET')
  expect(notAllowed.headers.get('x-content-type-options')).toBe('nosniff')
})

test('a taken port is an error with its number', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  await expect(startServer({ ...t, host: '127.0.0.1', port })).rejects.toThrow(String(port))
  other.close()
})

test('a server that stops closes WebSockets with 1001, ends streams and lets go of the port', async () => {
  await using own = await startTestServer({
    tasks: [
      {
        name: 'hang',
        run: (_input, _item, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject)),
      },
    ],
  })
  const experimentId = await seedExperiment(own, await seedDataset(own, [1]), { kind: 'module', name: 'hang' })
  const { id } = await startRun(own.services, own.scope, { experimentId })
  const query = `subscription { runFeed(runId: "${Buffer.from(`Run:${id}`).toString('base64url')}") { cursor } }`

  const socket = new WebSocket(`${own.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await once(socket, 'open')
  socket.send('{"type":"connection_init"}')
  await once(socket, 'message')
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }))
  await once(socket, 'message')

  const stream = await fetch(`${own.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query }),
  })
  const ended = stream.text().then(
    () => 'ended',
    () => 'ended',
  )
  // The second reads on its own until it has what the first one has.
  await expect.poll(() => own.feeds.subscribers).toBe(1)

  const closed = once(socket, 'close')
  await Promise.all([own.stop(), own.stop()])
  expect((await closed)[0]).toBe(1001)
  expect(await ended).toBe('ended')
  await expect.poll(() => own.feeds.subscribers).toBe(0)
  await expect(fetch(`${own.url}/healthz`)).rejects.toThrow()
})
