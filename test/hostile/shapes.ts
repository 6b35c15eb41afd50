/** Loads of hostile clients. Each goes on until its signal aborts, sends to one server on loopback only, and ends by itself. */
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'

export interface Target {
  url: string
  /** Of the attacker's project. */
  key: string
  runIds: readonly string[]
  signal: AbortSignal
}

type Shape = (target: Target) => Promise<void>

/** Does the same again and again in so many places at once; errors are what a hostile client expects. */
async function again({ signal }: Target, places: number, work: (n: number) => Promise<unknown>): Promise<void> {
  let n = 0
  const one = async () => {
    while (!signal.aborted) {
      await work(n++).catch(() => setTimeout(20))
    }
  }
  await Promise.all(Array.from({ length: places }, one))
}

async function ask({ url, key, signal }: Target, query: string, variables: object = {}): Promise<void> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables }),
    signal,
  })
  await response.arrayBuffer()
}

function frame(opcode: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(payload.length < 126 ? 6 : 14)
  head[0] = 0x80 | opcode
  head[1] = 0x80 | (payload.length < 126 ? payload.length : 127)
  if (payload.length >= 126) head.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([head, payload])
}

/** Sends raw bytes without reading anything, as fast as they are taken, until the connection or the time ends. */
function pour({ url, signal }: Target, begin: string, bytes: Buffer): Promise<void> {
  const { hostname, port } = new URL(url)
  const { promise, resolve } = Promise.withResolvers<void>()
  const socket = connect(Number(port), hostname)
  const end = () => void socket.destroy()
  signal.addEventListener('abort', end, { once: true })
  socket.on('error', () => {})
  socket.once('close', () => {
    signal.removeEventListener('abort', end)
    resolve()
  })
  const send = () => {
    for (let n = 0; n < 64; n++) if (!socket.write(bytes)) return void socket.once('drain', send)
    setImmediate(() => !socket.destroyed && send())
  }
  socket.write(begin, send)
  return promise
}

const upgrade =
  'GET /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n'
const message = (value: object) => frame(1, Buffer.from(JSON.stringify(value)))
const times = (count: number, part: (n: number) => string) => Array.from({ length: count }, (_, n) => part(n)).join(' ')
const post = (key: string, more: string) =>
  `POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\n${more}\r\n\r\n`

/** By name: the entry it comes from and its brothers. */
export const shapes: Record<string, Shape> = {
  'large pings before connection_init': (t) =>
    again(t, 4, () => pour(t, upgrade, message({ type: 'ping', payload: { text: 'x'.repeat(900_000) } }))),
  'small pings before connection_init': (t) => again(t, 4, () => pour(t, upgrade, frame(9, Buffer.from('x')))),
  'pings of a client that does not read': (t) =>
    again(t, 4, () =>
      pour(
        t,
        `${upgrade}${message({ type: 'connection_init', payload: { authorization: `Bearer ${t.key}` } }).toString('latin1')}`,
        message({ type: 'ping', payload: { text: 'x'.repeat(1_000) } }),
      ),
    ),
  'sockets that say nothing': (t) => again(t, 300, () => pour(t, upgrade, Buffer.alloc(0)).then(() => setTimeout(100))),
  'searches without end': (t) =>
    again(t, 25, (n) =>
      ask(
        t,
        `query ($id: ID!) { node(id: $id) { ... on Run { items(filter: { search: "${'zq'.repeat(100)}${n}" }) { nodes { id } } } } }`,
        {
          id: t.runIds[0],
        },
      ),
    ),
  'wrong variables': (t) => {
    const ids = Array.from({ length: 300_000 }, () => ({}))
    return again(t, 2, () => ask(t, 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids }))
  },
  'distinct documents of 36 KB': (t) =>
    again(t, 8, (n) =>
      ask(
        t,
        `{ ${times(900, (m) => `... on Query { viewer { role project { name } } }${n}${m}`.replace(/\d+$/, ' '))} } #${n}`,
      ),
    ),
  'comparisons by aliases': (t) =>
    again(t, 20, () =>
      ask(
        t,
        `query ($a: ID!, $b: [ID!]!) { ${times(10, (n) => `a${n}: compareRuns(baselineId: $a, candidateIds: $b) { metrics { delta } }`)} }`,
        { a: t.runIds[0], b: [t.runIds[1]] },
      ),
    ),
  'introspection by aliases': (t) =>
    again(t, 8, () =>
      ask(t, `{ __schema { ${times(8, (n) => `a${n}: types { name fields { name args { name } } }`)} } }`),
    ),
  'answers as large as they may be': (t) =>
    again(t, 4, () =>
      ask(
        t,
        `query ($id: ID!) { node(id: $id) { ... on Run { ${times(40, (n) => `a${n}: items(first: 1) { nodes { output } }`)} } } }`,
        {
          id: t.runIds[2],
        },
      ),
    ),
  'feeds of large outputs': (t) =>
    again(t, 4, async () => {
      const response = await fetch(`${t.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${t.key}` },
        body: JSON.stringify({
          query: 'subscription ($id: ID!) { runFeed(runId: $id) { items { output } } }',
          variables: { id: t.runIds[2] },
        }),
        signal: t.signal,
      })
      for await (const _ of response.body ?? []) if (t.signal.aborted) return
    }),
  'bodies that are too large': (t) =>
    again(t, 4, () =>
      pour(t, post(t.key, 'transfer-encoding: chunked'), Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`)),
    ),
  'heads that never end': (t) =>
    again(t, 200, () => pour(t, 'POST /graphql HTTP/1.1\r\nhost: lo', Buffer.alloc(0)).then(() => setTimeout(100))),
  'brackets within brackets': (t) =>
    again(t, 4, () => ask(t, `{ node(id: ${'['.repeat(2_400)}${']'.repeat(2_400)}) { id } }`)),
  'imports that drip': (t) =>
    again(t, 10, (n) =>
      pour(
        t,
        `POST /import/drip${n} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${t.key}\r\ncontent-length: 1000000\r\n\r\n{"input":`,
        Buffer.alloc(0),
      ),
    ),
}
