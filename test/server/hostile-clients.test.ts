/** Clients that break off, hold on or send nonsense: the server neither falls nor waits for them. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { slowBodies } from '../../src/server/request-body.ts'
import { connectionLimits, startServer } from '../../src/server/start-server.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

function open(t: TestServer): Socket {
  const { hostname, port } = new URL(t.url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  return socket
}

const upgrade = (path: string) =>
  `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n`

async function answer(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += chunk
  return text
}

test('clients that reset the connection while their WebSocket is refused do no harm', async () => {
  await using t = await startTestServer()
  for (let i = 0; i < 50; i++) {
    const socket = open(t)
    await once(socket, 'connect')
    socket.write(upgrade('/elsewhere'), () => socket.resetAndDestroy())
    await once(socket, 'close')
  }
  expect((await fetch(`${t.url}/healthz`)).status).toBe(200)
})

test('a server stops although a client holds on to a refused connection', async () => {
  await using t = await startTestServer({}, { graceMs: 200 })
  const socket = open(t)
  socket.write(upgrade('/elsewhere'))
  const [refusal] = await once(socket, 'data')
  expect(String(refusal)).toContain('403 Forbidden')
  await t.stop()
}, 5_000)

test('a server stops although a WebSocket client does not answer its close', async () => {
  await using t = await startTestServer({}, { graceMs: 200 })
  const socket = open(t)
  socket.write(upgrade('/graphql'))
  const [switched] = await once(socket, 'data')
  expect(String(switched)).toContain('101 Switching Protocols')
  await t.stop()
}, 5_000)

test('a URL that is none is answered with 400', async () => {
  await using t = await startTestServer()
  const socket = open(t)
  socket.write('GET // HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
  expect(await answer(socket)).toMatch(/^HTTP\/1.1 400 /)
})

test('a chunked body that is far too large is answered, and not read to its end', async () => {
  await using t = await startTestServer()
  const socket = open(t)
  socket.write(
    'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
  )
  const mebibyte = `100000\r\n${'x'.repeat(2 ** 20)}\r\n`
  for (let i = 0; i < 6; i++) socket.write(mebibyte)
  const [head] = await once(socket, 'data')
  expect(String(head)).toMatch(/^HTTP\/1.1 413 /)
})

const post = 'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'

const tooLate = /^HTTP\/1.1 408 [\s\S]*Expected the whole request within 0.2 s/

test.each([
  ['with a length', `${post}content-length: 100\r\n\r\n{"query":`, tooLate],
  ['in chunks', `${post}transfer-encoding: chunked\r\n\r\n5\r\n{"que\r\n`, tooLate],
  [
    'that nobody reads',
    `${post.replace('POST /graphql', 'GET /healthz')}content-length: 100\r\n\r\n{`,
    /^HTTP\/1.1 200 /,
  ],
])(
  'a body %s that does not arrive in time ends its connection',
  async (_how, head, expected) => {
    await using t = await startTestServer({}, { arrivalMs: 200 })
    const socket = open(t)
    socket.write(head)
    expect(await answer(socket)).toMatch(expected)
  },
  5_000,
)

test('headers that do not arrive in time end their connection', async () => {
  await using t = await startTestServer({}, { arrivalMs: 200 })
  const socket = open(t)
  socket.write('POST /graphql HTTP/1.1\r\nhost: lo')
  expect(await answer(socket)).toMatch(/^HTTP\/1.1 408 /)
}, 5_000)

test('connections beyond the limit are closed, and those before it are served', async () => {
  const { open: max } = connectionLimits
  connectionLimits.open = 2
  await using t = await startTestServer().finally(() => {
    connectionLimits.open = max
  })
  const ask = async () => {
    const socket = open(t)
    socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
    return new Promise<string>((resolve) => {
      socket.once('data', (data) => resolve(String(data).slice(0, 12)))
      for (const event of ['end', 'close']) socket.once(event, () => resolve('closed'))
    })
  }
  expect([await ask(), await ask(), await ask()]).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'closed'])
})

test('an import may take longer than any other request, also when the server stops', async () => {
  await using t = await startTestServer({}, { arrivalMs: 100, graceMs: 20_000 })
  const socket = open(t)
  socket.write('POST /import/slow HTTP/1.1\r\nhost: localhost\r\ncontent-length: 24\r\n\r\n{"input":1}\n')
  const importing = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY %'`
  await expect.poll(async () => (await t.db.pool.query(importing)).rowCount).toBe(1)
  const refused = open(t)
  refused.write('POST /graphql HTTP/1.1\r\nhost: lo')
  await answer(refused)
  const stopped = t.stop()
  socket.write('{"input":2}\n')
  expect(await answer(socket)).toMatch(/^HTTP\/1.1 200 [\s\S]*"rows":2/)
  await stopped
}, 4_000)

test('an import that drips is disconnected, one that arrives at 60 KB a minute is not', async () => {
  await using t = await startTestServer()
  const { idleMs, minBytes } = slowBodies
  expect({ idleMs, minBytes }).toEqual({ idleMs: 60_000, minBytes: 60 * 1024 })
  slowBodies.idleMs = 400
  onTestFinished(() => {
    slowBodies.idleMs = idleMs
  })
  const row = JSON.stringify({ input: 'x'.repeat(16 * 1024) })
  const send = (name: string, part: string, count: number) => {
    const socket = open(t)
    socket.write(`POST /import/${name} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${part.length * count}\r\n\r\n`)
    let sent = 0
    const drip = setInterval(() => (sent++ < count ? socket.write(part) : clearInterval(drip)), 50)
    onTestFinished(() => clearInterval(drip))
    return answer(socket)
  }
  const [steady, drops] = await Promise.all([send('steady', `${row}\n`, 20), send('drops', '\n', 1_000)])
  expect(steady).toMatch(/^HTTP\/1.1 200 [\s\S]*"rows":20/)
  expect(drops).toBe('')
})

test('a client that offers HTTP/2 is answered over HTTP/1.1', async () => {
  await using t = await startTestServer()
  const socket = open(t)
  const body = '{"query":"{ __typename }"}'
  const offer =
    'connection: upgrade, http2-settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n'
  socket.write(`${post}${offer}content-length: ${body.length}\r\n\r\n${body}`)
  expect(await answer(socket)).toMatch(/^HTTP\/1.1 200 [\s\S]*"__typename":"Query"/)
})

async function startWithKey(t: TestServer) {
  const { key } = await createApiKey(t.db, t.scope, { name: 'me', role: 'ADMIN' })
  const { url, stop } = await startServer({ ...t, host: '127.0.0.1', port: 0 })
  onTestFinished(stop)
  return async function connectWithKey() {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }))
    return socket
  }
}

test('clients that leave while their key is looked up do not count as open sockets', async () => {
  await using t = await startTestServer()
  const connectWithKey = await startWithKey(t)
  // The first use of a key is written down, which would put its look-up behind the later ones.
  await once(await connectWithKey(), 'message')
  const lookUpsWait = await t.db.pool.connect()
  const leave = async (socket: WebSocket) => {
    socket.close()
    await once(socket, 'close')
  }
  await lookUpsWait.query('BEGIN; LOCK TABLE api_key')
  for (let round = 0; round < 20; round++) {
    const leaving = await Promise.all(Array.from({ length: 100 }, connectWithKey))
    await Promise.all(leaving.map(leave))
  }
  await lookUpsWait.query('COMMIT')
  lookUpsWait.release()
  const staying = await connectWithKey()
  const [message] = await once(staying, 'message')
  expect(String(message)).toBe('{"type":"connection_ack"}')
  staying.close()
}, 30_000)

test('what goes wrong inside is not the reason that a WebSocket is closed with', async () => {
  await using t = await startTestServer()
  const connectWithKey = await startWithKey(t)
  await t.db.pool.query('ALTER TABLE api_key RENAME TO gone')
  const [code, reason] = await once(await connectWithKey(), 'close')
  expect([code, String(reason)]).toEqual([
    4500,
    expect.stringMatching(/^Something went wrong on our side\. .* [0-9a-f-]{36}\.$/),
  ])
})
