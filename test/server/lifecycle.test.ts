import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import WebSocket from 'ws'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { startServer } from '../../src/server/start-server.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { startTestServer } from '../helpers/server.ts'

test('health says that the process lives, readiness that the database answers', async () => {
  await using t = await startTestServer()
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
  await using t = await startTestServer()
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
  await using t = await startTestServer()
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  await expect(startServer({ ...t, host: '127.0.0.1', port })).rejects.toThrow(String(port))
  other.close()
})

test('a server that stops closes WebSockets with 1001, ends streams and lets go of the port', async () => {
  await using t = await startTestServer({
    tasks: [
      {
        name: 'hang',
        run: (_input, _item, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject)),
      },
    ],
  })
  const experimentId = await seedExperiment(t, await seedDataset(t, [1]), { kind: 'module', name: 'hang' })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const query = `subscription { runFeed(runId: "${Buffer.from(`Run:${id}`).toString('base64url')}") { cursor } }`

  const socket = new WebSocket(`${t.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await once(socket, 'open')
  socket.send('{"type":"connection_init"}')
  await once(socket, 'message')
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }))
  await once(socket, 'message')

  const stream = await fetch(`${t.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query }),
  })
  const ended = stream.text().then(
    () => 'ended',
    () => 'ended',
  )
  await expect.poll(() => t.feeds.subscribers).toBe(2)

  const closed = once(socket, 'close')
  await Promise.all([t.stop(), t.stop()])
  expect((await closed)[0]).toBe(1001)
  expect(await ended).toBe('ended')
  await expect.poll(() => t.feeds.subscribers).toBe(0)
  await expect(fetch(`${t.url}/healthz`)).rejects.toThrow()
})
