import { once } from 'node:events'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { SubscriptionCount, subscriptionLimits } from '../../src/server/limits/subscription-count.ts'
import { type ApiServer, startServer } from '../../src/server/start-server.ts'
import { seedDataset } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

test('a caller beyond its subscriptions is refused with their number, others are not; one that ended makes room', () => {
  const count = new SubscriptionCount({ perCaller: 2, all: 3 })
  const open = (client: string): (() => void) | string => {
    const entered = count.enter(client, { id: 'p', quota: null })
    return typeof entered === 'function' ? entered : entered.message
  }
  const first = open('a')
  open('a')
  expect(open('a')).toMatch(/at most 2 subscriptions of one caller at once/)
  expect(open('b')).toBeTypeOf('function')
  expect(open('c')).toMatch(/at most 3 subscriptions at once/)
  if (typeof first === 'function') first()
  expect(open('a')).toBeTypeOf('function')
})

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

/** A server that admits so many subscriptions of a caller. */
async function startWithLimit(limit: number): Promise<ApiServer> {
  const { perCaller } = subscriptionLimits
  subscriptionLimits.perCaller = limit
  const server = await startServer({ ...t, host: '127.0.0.1', port: 0 }).finally(() => {
    subscriptionLimits.perCaller = perCaller
  })
  onTestFinished(server.stop)
  return server
}

test('a server refuses a subscription beyond the limit, and keeps the others', async () => {
  const server = await startWithLimit(2)
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  onTestFinished(() => socket.terminate())
  await once(socket, 'open')
  const answers: { id?: string; type: string; payload?: unknown }[] = []
  socket.on('message', (data) => answers.push(JSON.parse(String(data))))
  socket.send('{"type":"connection_init"}')
  await once(socket, 'message')
  const query = 'subscription { runsFeed { cursor } }'
  for (const id of ['1', '2', '3']) socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query } }))
  await expect
    .poll(() => answers.map(({ id, type }) => `${type} ${id ?? ''}`).sort())
    .toEqual(['complete 3', 'connection_ack ', 'next 1', 'next 2', 'next 3'])
  const refused = answers.find(({ id, type }) => id === '3' && type === 'next')
  expect(refused?.payload).toMatchObject({
    errors: [
      { message: expect.stringContaining('at most 2 subscriptions of one caller'), extensions: { code: 'LIMIT' } },
    ],
  })
})

test('subscriptions that are completed or whose socket closed count no more', async () => {
  const server = await startWithLimit(100)
  const datasetId = encodeGlobalId('Dataset', await seedDataset(t, [1]))
  const query = 'subscription ($datasetId: ID!) { datasetRuns(datasetId: $datasetId) { __typename } }'
  for (let round = 0; round < 3; round++) {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    onTestFinished(() => socket.terminate())
    await once(socket, 'open')
    const refused: string[] = []
    socket.on('message', (data) => String(data).includes('"errors"') && refused.push(String(data)))
    socket.send('{"type":"connection_init"}')
    await once(socket, 'message')
    for (let id = 0; id < 60; id++) {
      socket.send(JSON.stringify({ id: String(id), type: 'subscribe', payload: { query, variables: { datasetId } } }))
    }
    socket.send('{"type":"ping"}')
    await once(socket, 'message')
    expect(refused).toEqual([])
    socket.close()
    await once(socket, 'close')
    await expect.poll(() => server.subscriptions).toBe(0)
  }
})
