/** Loads on connections: frames, requests and bodies that are none, or never end. */
import { setTimeout } from 'node:timers/promises'
import { again, ask, frame, message, post, pour, type Shape, upgrade } from './client.ts'

const bearer = (key: string) => `authorization: Bearer ${key}`
/** Opens a WebSocket with a key, and sends this. */
const opened = (key: string, ...frames: Buffer[]) =>
  Buffer.concat([
    Buffer.from(upgrade),
    message({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }),
    ...frames,
  ]).toString('latin1')
const subscribe = (id: string, query: string, variables: object = {}) =>
  message({ id, type: 'subscribe', payload: { query, variables } })
/** Of 1,000,000 bytes; the rest never comes. */
const partOfMessage = Buffer.concat([
  Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40, 0, 0, 0, 0]),
  Buffer.alloc(900_000, 'x'),
])
/** A subscription that has nothing to say. */
const quiet = 'subscription ($id: ID!) { runFeed(runId: $id, until: NEVER) { cursor } }'

export const connectionShapes: Record<string, Shape> = {
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
  'frames that are none': (t) => again(t, 4, () => pour(t, upgrade, Buffer.alloc(1_000, 0xff))),
  'sockets that say nothing': (t) => again(t, 300, () => pour(t, upgrade, Buffer.alloc(0)).then(() => setTimeout(100))),
  'bodies that are too large': (t) =>
    again(t, 4, () =>
      pour(t, post(t.key, 'transfer-encoding: chunked'), Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`)),
    ),
  'heads that never end': (t) =>
    again(t, 200, () => pour(t, 'POST /graphql HTTP/1.1\r\nhost: lo', Buffer.alloc(0)).then(() => setTimeout(100))),
  'imports that drip': (t) =>
    again(t, 10, (n) =>
      pour(
        t,
        `POST /import/drip${n} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${t.key}\r\ncontent-length: 1000000\r\n\r\n{"input":`,
        Buffer.alloc(0),
      ),
    ),
  'long messages before connection_init': (t) =>
    again(t, 200, () => pour(t, upgrade + partOfMessage.toString('latin1'), Buffer.alloc(0))),
  'messages that are never complete': (t) =>
    again(t, 200, () => pour(t, opened(t.key, partOfMessage), Buffer.alloc(0))),
  'subscriptions beyond what a caller may have': (t) =>
    again(t, 30, () => {
      const subscriptions = Array.from({ length: 100 }, (_, n) => subscribe(String(n), quiet, { id: t.runIds[0] }))
      return pour(t, opened(t.key, ...subscriptions), Buffer.alloc(0))
    }),
  'subscriptions that come and go': (t) =>
    again(t, 4, () =>
      pour(
        t,
        opened(t.key),
        Buffer.concat([subscribe('1', quiet, { id: t.runIds[0] }), message({ id: '1', type: 'complete' })]),
      ),
    ),
  'targets and hosts that are none': (t) =>
    again(t, 8, (n) => {
      const [target, host] = [
        ['http://[', 'localhost'],
        ['/graphql', '[::'],
        ['//', 'localhost'],
      ][n % 3] ?? ['/', '']
      return pour(t, `GET ${target} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`, Buffer.alloc(0))
    }),
  'keys that nobody has': (t) =>
    again(t, 8, (n) => ask({ ...t, key: `assay_${'0'.repeat(20)}${n}` }, '{ datasets { nodes { id } } }')),
  'metrics that a key may not see': (t) =>
    again(t, 8, async () => {
      const headers = { authorization: `Bearer ${t.key}` }
      await (await fetch(`${t.url}/metrics`, { headers, signal: t.signal })).text()
    }),
  'uploads that drip': (t) =>
    again(t, 40, () =>
      pour(
        t,
        `POST /attachments HTTP/1.1\r\nhost: localhost\r\n${bearer(t.key)}\r\ncontent-type: image/png\r\ncontent-length: 1000000\r\n\r\nx`,
        Buffer.alloc(0),
      ),
    ),
  'bodies that drip': (t) =>
    again(t, 200, () => pour(t, `${post(t.key, 'content-length: 1000000')}{"query":"`, Buffer.alloc(0))),
}
