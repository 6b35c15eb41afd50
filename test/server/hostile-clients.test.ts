/** Clients that break off, hold on or send nonsense: the server neither falls nor waits for them. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { socketLimits } from '../../src/server/limits/socket-limits.ts'
import { slowBodies } from '../../src/server/request-body.ts'
import { connectionLimits, type RunningServer, type ServerOptions, startServer } from '../../src/server/start-server.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

/** Another server of the same engine. */
async function serve(options: Partial<ServerOptions>): Promise<RunningServer> {
  const server = await startServer({ ...t, host: '127.0.0.1', port: 0, ...options })
  onTestFinished(server.stop)
  return server
}

function open({ url }: RunningServer = t): Socket {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  return socket
}

const upgrade = (path: string) =>
  `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n`

/** What arrives until the connection ends or is reset, as it is when the server closes it with bytes unread. */
async function answer(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  await new Promise((resolve) => {
    for (const event of ['end', 'close']) socket.once(event, resolve)
  })
  socket.destroy()
  return text
}

test('clients that reset the connection while their WebSocket is refused do no harm', async () => {
  for (let i = 0; i < 50; i++) {
    const socket = open()
    await once(socket, 'connect')
    socket.write(upgrade('/elsewhere'), () => socket.resetAndDestroy())
    await once(socket, 'close')
  }
  expect((await fetch(`${t.url}/healthz`)).status).toBe(200)
})

test('a server stops although a client holds on to a refused connection', async () => {
  const server = await serve({ graceMs: 200 })
  const socket = open(server)
  socket.write(upgrade('/elsewhere'))
  const [refusal] = await once(socket, 'data')
  expect(String(refusal)).toContain('403 Forbidden')
  await server.stop()
})

test('a server stops although a WebSocket client does not answer its close', async () => {
  const server = await serve({ graceMs: 200 })
  const socket = open(server)
  socket.write(upgrade('/graphql'))
  const [switched] = await once(socket, 'data')
  expect(String(switched)).toContain('101 Switching Protocols')
  await server.stop()
})

test('a URL that is none is answered with 400', async () => {
  const socket = open()
  socket.write('GET // HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
  expect(await answer(socket)).toMatch(/^HTTP\/1.1 400 /)
})

test('a chunked body that is far too large is answered, and not read to its end', async () => {
  const server = await serve({ graceMs: 200 })
  const socket = open(server)
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
])('a body %s that does not arrive in time ends its connection', async (_how, head, expected) => {
  const server = await serve({ arrivalMs: 200 })
  const socket = open(server)
  socket.write(head)
  expect(await answer(socket)).toMatch(expected)
})

test('headers that do not arrive in time end their connection', async () => {
  const server = await serve({ arrivalMs: 200 })
  const socket = open(server)
  socket.write('POST /graphql HTTP/1.1\r\nhost: lo')
  expect(await answer(socket)).toMatch(/^HTTP\/1.1 408 /)
})

test('connections beyond the limit are closed, and those before it are served', async () => {
  const { open: max } = connectionLimits
  connectionLimits.open = 2
  const server = await serve({}).finally(() => {
    connectionLimits.open = max
  })
  const ask = async () => {
    const socket = open(server)
    socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
    return new Promise<string>((resolve) => {
      socket.once('data', (data) => resolve(String(data).slice(0, 12)))
      for (const event of ['end', 'close']) socket.once(event, () => resolve('closed'))
    })
  }
  expect([await ask(), await ask(), await ask()]).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'closed'])
})

test('an import may take longer than any other request, also when the server stops', async () => {
  const server = await serve({ arrivalMs: 100, graceMs: 20_000 })
  const socket = open(server)
  socket.write('POST /import/slow HTTP/1.1\r\nhost: localhost\r\ncontent-length: 24\r\n\r\n{"input":1}\n')
  const importing = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY %'`
  await expect.poll(async () => (await t.db.pool.query(importing)).rowCount).toBe(1)
  const refused = open(server)
  refused.write('POST /graphql HTTP/1.1\r\nhost: lo')
  await answer(refused)
  const stopped = server.stop()
  socket.write('{"input":2}\n')
  expect(await answer(socket)).toMatch(/^HTTP\/1.1 200 [\s\S]*"rows":2/)
  await stopped
})

test('an import that drips is disconnected, one that arrives at 60 KB a minute is not', async () => {
  const { idleMs, minBytes } = slowBodies
  expect({ idleMs, minBytes }).toEqual({ idleMs: 60_000, minBytes: 60 * 1024 })
  slowBodies.idleMs = 1_000
  onTestFinished(() => {
    slowBodies.idleMs = idleMs
  })
  const row = JSON.stringify({ input: 'x'.repeat(16 * 1024) })
  const send = (name: string, part: string, count: number, everyMs: number) => {
    const socket = open()
    socket.write(
      `POST /import/${name} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: ${part.length * count}\r\n\r\n`,
    )
    let sent = 0
    const drip = setInterval(() => (sent++ < count ? socket.write(part) : clearInterval(drip)), everyMs)
    onTestFinished(() => clearInterval(drip))
    return answer(socket)
  }
  const [steady, drops] = await Promise.all([send('steady', `${row}\n`, 20, 100), send('drops', '\n', 1_000, 50)])
  expect(steady).toMatch(/^HTTP\/1.1 200 [\s\S]*"rows":20/)
  expect(drops).toBe('')
})

test('a client that offers HTTP/2 is answered over HTTP/1.1', async () => {
  const socket = open()
  const body = '{"query":"{ __typename }"}'
  const offer =
    'connection: upgrade, http2-settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n'
  socket.write(`${post}${offer}content-length: ${body.length}\r\n\r\n${body}`)
  expect(await answer(socket)).toMatch(/^HTTP\/1.1 200 [\s\S]*"__typename":"Query"/)
})

async function startWithKey(own: TestServer) {
  const { key } = await createApiKey(own.db, own.scope, { name: 'me', role: 'ADMIN' })
  const { url } = await serve(own)
  return async function connectWithKey() {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }))
    return socket
  }
}

test('clients that leave while their key is looked up do not count as open sockets', async () => {
  const { perCaller } = socketLimits
  socketLimits.perCaller = 100
  onTestFinished(() => {
    socketLimits.perCaller = perCaller
  })
  await using own = await startTestServer()
  const connectWithKey = await startWithKey(own)
  // The first use of a key is written down, which would put its look-up behind the later ones.
  await once(await connectWithKey(), 'message')
  const lookUpsWait = await own.db.pool.connect()
  const leave = async (socket: WebSocket) => {
    socket.close()
    await once(socket, 'close')
  }
  await lookUpsWait.query('BEGIN; LOCK TABLE api_key')
  const leaving = await Promise.all(Array.from({ length: 100 }, connectWithKey))
  await Promise.all(leaving.map(leave))
  await lookUpsWait.query('COMMIT')
  lookUpsWait.release()
  const staying = await connectWithKey()
  const [message] = await once(staying, 'message')
  expect(String(message)).toBe('{"type":"connection_ack"}')
  staying.close()
})

test('what goes wrong inside is not the reason that a WebSocket is closed with', async () => {
  await using own = await startTestServer()
  const connectWithKey = await startWithKey(own)
  await own.db.pool.query('ALTER TABLE api_key RENAME TO gone')
  const [code, reason] = await once(await connectWithKey(), 'close')
  expect([code, String(reason)]).toEqual([
    4500,
    expect.stringMatching(/^Something went wrong on our side\. .* [0-9a-f-]{36}\.$/),
  ])
})
