/** What a client can do to a server with nothing but WebSocket frames, before and after it says who it is. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { longMessageLimits } from '../../src/server/limits/long-messages.ts'
import { socketLimits } from '../../src/server/limits/socket-limits.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

async function open({ url }: TestServer = t): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  socket.on('error', () => {})
  onTestFinished(() => socket.terminate())
  await once(socket, 'open')
  return socket
}

async function openInitialised(server?: TestServer): Promise<WebSocket> {
  const socket = await open(server)
  socket.send('{"type":"connection_init"}')
  expect(String((await once(socket, 'message'))[0])).toBe('{"type":"connection_ack"}')
  return socket
}

/** Of this test only. */
function setLimits<Limits extends object>(limits: Limits, changed: Partial<Limits>): void {
  const before = { ...limits }
  Object.assign(limits, changed)
  onTestFinished(() => void Object.assign(limits, before))
}

function heard(socket: WebSocket): string[] {
  const messages: string[] = []
  socket.on('message', (data) => messages.push(String(data)))
  socket.on('pong', (data) => messages.push(`pong frame ${String(data)}`))
  return messages
}

test('pings before connection_init are not answered', async () => {
  const socket = await open()
  const messages = heard(socket)
  socket.ping('x')
  socket.send('{"type":"ping","payload":{"x":1}}')
  socket.send('{"type":"connection_init"}')
  await expect.poll(() => messages).toContain('{"type":"connection_ack"}')
  expect(messages).toEqual(['{"type":"connection_ack"}'])
})

test('pongs carry no payload', async () => {
  const socket = await openInitialised()
  const messages = heard(socket)
  socket.ping('x'.repeat(100))
  socket.send(JSON.stringify({ type: 'ping', payload: { text: 'x'.repeat(100_000) } }))
  await expect.poll(() => messages).toHaveLength(2)
  expect(messages.sort()).toEqual(['pong frame ', '{"type":"pong"}'])
})

test('a message of more than 16 KB before connection_init closes the socket', async () => {
  const socket = await open()
  socket.send(JSON.stringify({ type: 'connection_init', payload: { x: 'x'.repeat(17_000) } }))
  const [code] = await once(socket, 'close')
  expect(code).toBe(1009)
})

test.each([
  ['after a violation of the protocol', Buffer.alloc(1_000, 0xff)],
  ['when it is closed', frame(2, Buffer.from('not text'))],
])('%s little more of a socket is read', async (_, bytes) => {
  const socket = await openByHand()
  // It does not see that it is closed.
  socket.pause()
  socket.write(bytes)
  const megabyte = Buffer.alloc(1024 * 1024)
  const write = () => new Promise<boolean>((resolve) => socket.write(megabyte, (error) => resolve(!error)))
  let taken = 0
  while (taken < 200 && (await write())) taken += 1
  // With what the system keeps for both sides.
  expect(taken).toBeLessThan(50)
})

test('a client that only pings before connection_init is closed', async () => {
  for (const ping of [(s: WebSocket) => s.ping(), (s: WebSocket) => s.send('{"type":"ping"}')]) {
    const socket = await open()
    for (let i = 0; i < 20; i++) ping(socket)
    const [code, reason] = await once(socket, 'close')
    expect([code, String(reason)]).toEqual([4429, 'Expected connection_init within 10 messages'])
  }
})

test('beyond 256 sockets before connection_init the one that waits longest has to go', async () => {
  const first = await open()
  const closed = once(first, 'close')
  for (let i = 0; i < 4; i++) await Promise.all(Array.from({ length: 64 }, () => open()))
  const [code, reason] = await closed
  expect([code, String(reason)]).toEqual([1013, 'Too many sockets wait for their connection_init; try again later'])
  await openInitialised()
})

test('of the sockets that are closed before they are accepted so many linger', async () => {
  setLimits(socketLimits, { waiting: 4 })
  const closed: number[] = []
  for (let n = 0; n < 6; n++) {
    const socket = await upgradeByHand()
    socket.once('close', () => closed.push(n))
    // It does not answer that it is closed.
    socket.write(frame(1, Buffer.alloc(20_000, 'x')))
    await once(socket, 'data')
  }
  await expect.poll(() => closed, { timeout: 1_500 }).toEqual([0])
})

test('bytes of sockets without connection_init are not those of incomplete messages of others', async () => {
  setLimits(socketLimits, { allUnfinishedBytes: 100_000 })
  for (let n = 0; n < 4; n++) {
    const socket = await upgradeByHand()
    socket.write(frame(1, Buffer.alloc(200_000, 'x')).subarray(0, 60_000))
    await once(socket, 'data')
  }
  const honest = await openInitialised()
  const messages = heard(honest)
  honest.send(`{"type":"ping","payload":{"text":"${'x'.repeat(400_000)}"}}`)
  await expect.poll(() => messages).toEqual(['{"type":"pong"}'])
})

test('a client that had to make room for many others comes back by itself', async () => {
  const connected = Promise.withResolvers<void>()
  const others = Promise.withResolvers<void>()
  const client = createClient({
    url: `${t.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryWait: () => Promise.resolve(),
    connectionParams: async () => {
      connected.resolve()
      await others.promise
      return {}
    },
  })
  onTestFinished(() => void client.dispose())
  const closed = new Promise<number>((resolve) => client.on('closed', (event) => resolve((event as CloseEvent).code)))
  const answers = client.iterate({ query: '{ __typename }' })
  const answer = answers.next()
  await connected.promise
  for (let i = 0; i < 4; i++) await Promise.all(Array.from({ length: 64 }, () => open()))
  expect(await closed).toBe(1013)
  others.resolve()
  expect((await answer).value).toEqual({ data: { __typename: 'Query' } })
})

/** Frames as a client that speaks the protocol by hand sends them: masked with zeros. */
function frame(opcode: number, payload: Buffer): Buffer {
  const length =
    payload.length < 126
      ? Buffer.from([0x80 | payload.length])
      : Buffer.from([0x80 | 127, 0, 0, 0, 0, ...intBytes(payload.length)])
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, Buffer.alloc(4), payload])
}

function intBytes(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
}

const init = frame(1, Buffer.from('{"type":"connection_init"}'))

async function openByHand(): Promise<Socket> {
  const socket = await upgradeByHand()
  socket.write(init)
  await once(socket, 'data')
  return socket
}

async function upgradeByHand(): Promise<Socket> {
  const { hostname, port } = new URL(t.url)
  const socket = connect({ host: hostname, port: Number(port) })
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  socket.write(
    'GET /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n',
  )
  await once(socket, 'data')
  return socket
}

test('a client that does not read its answers is cut off when more than 16 MB wait for it', async () => {
  const socket = await openByHand()
  socket.pause()
  const gone = new Promise((resolve) => socket.once('close', resolve))
  const types = 'types { description fields { description args { description } } }'
  const query = `{ __schema { a: ${types} b: ${types} c: ${types} d: ${types} e: ${types} f: ${types} } }`
  const ask = () =>
    socket.write(
      frame(1, Buffer.from(JSON.stringify({ id: crypto.randomUUID(), type: 'subscribe', payload: { query } }))),
    )
  const asking = setInterval(() => {
    // Else it would be cut off for answering no pings.
    socket.write(frame(10, Buffer.alloc(0)))
    for (let i = 0; i < 10; i++) ask()
  }, 50)
  onTestFinished(() => clearInterval(asking))
  await gone
  expect((await fetch(`${t.url}/healthz`)).status).toBe(200)
})

test('incomplete messages are 1 MB each at most, and together no more than fit into memory', async () => {
  const large = await openInitialised()
  large.send(`{"type":"ping","payload":{"text":"${'x'.repeat(1024 * 1024)}"}}`)
  expect((await once(large, 'close'))[0]).toBe(1009)

  setLimits(socketLimits, { allUnfinishedBytes: 100_000 })
  const closed: number[] = []
  for (let n = 0; n < 4; n++) {
    const socket = await openInitialised()
    socket.on('close', (code) => closed.push(code))
    socket.send('x'.repeat(30_000), { fin: false })
  }
  await expect.poll(() => closed).toEqual([1013])
})

test('what others have not completed does not keep a short message from being read', async () => {
  setLimits(socketLimits, { allUnfinishedBytes: 100_000 })
  for (let n = 0; n < 3; n++) (await openInitialised()).send('x'.repeat(33_300), { fin: false })
  const socket = await openInitialised()
  const messages = heard(socket)
  socket.send(`{"type":"ping","payload":{"text":"${'x'.repeat(2_000)}"}}`)
  await expect.poll(() => messages).toEqual(['{"type":"pong"}'])
})

test.each([30_000, 500_000])('%i bytes that follow connection_init at once do not close the socket', async (size) => {
  const ping = `{"type":"ping","payload":{"text":"${'x'.repeat(size)}"}}`
  const socket = await upgradeByHand()
  let answer = ''
  socket.on('data', (data) => {
    answer += String(data)
  })
  socket.write(Buffer.concat([init, frame(1, Buffer.from(ping))]))
  await expect.poll(() => answer).toContain('{"type":"connection_ack"}')
  socket.write(frame(1, Buffer.from('{"type":"ping"}')))
  await expect.poll(() => answer).toContain('{"type":"pong"}')
})

describe('of the long messages of a caller', () => {
  const long = `{"type":"ping","payload":{"text":"${'x'.repeat(400_000)}"}}`
  beforeEach(() => {
    const before = { ...longMessageLimits }
    Object.assign(longMessageLimits, { receiving: 2, waiting: 1 })
    return () => void Object.assign(longMessageLimits, before)
  })
  /** Two that are not complete. */
  const incomplete = async () => {
    const sockets = [await openInitialised(), await openInitialised()] as const
    for (const socket of sockets) {
      socket.send(long.slice(0, 200_000), { fin: false })
      // They may be anywhere in it.
      socket.ping()
      await once(socket, 'pong')
    }
    return sockets
  }

  test('so many are received at once, and the others afterwards', async () => {
    const [first] = await incomplete()
    const third = await openInitialised()
    const messages = heard(third)
    third.send(long)
    for (let n = 0; n < 3; n++) {
      const short = await openInitialised()
      short.send('{"type":"ping"}')
      await once(short, 'message')
    }
    expect(messages).toEqual([])
    first.send(long.slice(200_000))
    await expect.poll(() => messages).toEqual(['{"type":"pong"}'])
  })

  test('so many wait, and the next is refused', async () => {
    await incomplete()
    ;(await openInitialised()).send(long)
    const fourth = await openInitialised()
    fourth.send(long)
    const [code, reason] = await once(fourth, 'close')
    expect([code, String(reason)]).toEqual([1013, 'Too many incomplete messages; try again later'])
  })

  test('those that are never complete make room in time', async () => {
    longMessageLimits.ms = 300
    const [first] = await incomplete()
    await setTimeout(200)
    const third = await openInitialised()
    const messages = heard(third)
    third.send(long)
    expect(messages).toEqual([])
    await expect.poll(() => messages).toEqual(['{"type":"pong"}'])
    expect(first.readyState).not.toBe(first.OPEN)
  })

  test('one that has waited for too long is asked to come back', async () => {
    const sockets = await incomplete()
    longMessageLimits.ms = 300
    const third = await openInitialised()
    third.send(long)
    const [code] = await once(third, 'close')
    expect(code).toBe(1013)
    expect(sockets.map(({ readyState, OPEN }) => readyState === OPEN)).toEqual([true, true])
  })

  test('a short one is not complete for so long either', async () => {
    longMessageLimits.ms = 300
    const first = await openInitialised()
    first.send('{', { fin: false })
    const [code, reason] = await once(first, 'close')
    expect([code, String(reason)]).toEqual([1008, 'Expected the whole message within 0.3 s'])
  })

  test('one whose client goes makes room, too', async () => {
    const [first] = await incomplete()
    const third = await openInitialised()
    const messages = heard(third)
    third.send(long)
    first.terminate()
    await expect.poll(() => messages).toEqual(['{"type":"pong"}'])
  })
})

test('pings within other messages, and in parts, count for nothing', async () => {
  setLimits(longMessageLimits, { ms: 300 })
  const socket = await openByHand()
  const ping = frame(9, Buffer.from('x'))
  socket.write(ping.subarray(0, 3))
  await setTimeout(50)
  socket.write(ping.subarray(3))
  const closed = once(socket, 'close').then(() => 'closed')
  expect(await Promise.race([closed, setTimeout(800, 'open')])).toBe('open')
})

test('a message has so many fragments', async () => {
  const socket = await openInitialised()
  for (let n = 0; n < 300; n++) socket.send(' ', { fin: false })
  expect((await once(socket, 'close'))[0]).toBe(1008)
})

test('the answer to a close frame is read of a socket that was paused', async () => {
  await using own = await startTestServer()
  const socket = await openInitialised(own)
  // Its caller sends too fast.
  for (let i = 0; i < 4_000; i++) socket.send('{"type":"ping"}')
  await once(socket, 'message')
  const startedAt = performance.now()
  await own[Symbol.asyncDispose]()
  expect(performance.now() - startedAt).toBeLessThan(1_200)
})

test('a caller has so many sockets and no more', async () => {
  setLimits(socketLimits, { perCaller: 2 })
  await using own = await startTestServer()
  const first = await openInitialised(own)
  await openInitialised(own)
  const third = await open(own)
  third.send('{"type":"connection_init"}')
  const [code, reason] = await once(third, 'close')
  expect([code, String(reason)]).toEqual([4429, 'At most 2 sockets at once'])
  first.close()
  await once(first, 'close')
  await openInitialised(own)
})

test('messages beyond the rate are read later, not lost', async () => {
  const socket = await openInitialised()
  const messages = heard(socket)
  for (let i = 0; i < 6_000; i++) socket.send('{"type":"ping"}')
  const startedAt = performance.now()
  await expect.poll(() => messages.length).toBe(6_000)
  expect(performance.now() - startedAt).toBeGreaterThan(800)
})
