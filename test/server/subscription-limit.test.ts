import { once } from 'node:events'
import type { ExecutionArgs, ExecutionResult, GraphQLError } from 'graphql'
import { expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { subscriptionLimits, useSubscriptionLimit } from '../../src/server/limits/use-subscription-limit.ts'
import { seedDataset } from '../helpers/engine.ts'
import { startTestServer } from '../helpers/server.ts'

interface Hooks {
  onSubscribeResult(given: { result: unknown }): { onEnd(): void } | undefined
}

/** Opens a subscription of a caller. @returns what ends it, or the error that refuses it */
function opener(limits: { perCaller: number; all: number }) {
  const { onSubscribe } = useSubscriptionLimit(limits) as {
    onSubscribe(given: {
      args: ExecutionArgs
      setResultAndStopExecution(result: ExecutionResult): void
    }): Hooks | undefined
  }
  return (client: string): (() => void) | string => {
    let refused: readonly GraphQLError[] = []
    const hooks = onSubscribe({
      args: { contextValue: { client, gone: new AbortController().signal } } as ExecutionArgs,
      setResultAndStopExecution: ({ errors }) => {
        refused = errors ?? []
      },
    })
    const events = hooks?.onSubscribeResult({ result: (async function* () {})() })
    return events ? events.onEnd : (refused[0]?.message ?? '')
  }
}

test('a caller beyond its subscriptions is refused with their number, others are not; one that ended makes room', () => {
  const open = opener({ perCaller: 2, all: 3 })
  const first = open('a')
  open('a')
  expect(open('a')).toMatch(/at most 2 subscriptions of one caller at once/)
  expect(open('b')).toBeTypeOf('function')
  expect(open('c')).toMatch(/at most 3 subscriptions at once/)
  if (typeof first === 'function') first()
  expect(open('a')).toBeTypeOf('function')
})

test('a server refuses a subscription beyond the limit, and keeps the others', async () => {
  const { perCaller } = subscriptionLimits
  subscriptionLimits.perCaller = 2
  await using t = await startTestServer().finally(() => {
    subscriptionLimits.perCaller = perCaller
  })
  const socket = new WebSocket(`${t.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
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
  await using t = await startTestServer()
  const datasetId = encodeGlobalId('Dataset', await seedDataset(t, [1]))
  const query = 'subscription ($datasetId: ID!) { datasetRuns(datasetId: $datasetId) { __typename } }'
  for (let round = 0; round < 26; round++) {
    const socket = new WebSocket(`${t.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    onTestFinished(() => socket.terminate())
    await once(socket, 'open')
    const refused: string[] = []
    socket.on('message', (data) => String(data).includes('"errors"') && refused.push(String(data)))
    socket.send('{"type":"connection_init"}')
    await once(socket, 'message')
    for (let id = 0; id < 99; id++) {
      socket.send(JSON.stringify({ id: String(id), type: 'subscribe', payload: { query, variables: { datasetId } } }))
    }
    socket.send('{"type":"ping"}')
    await once(socket, 'message')
    expect(refused).toEqual([])
    socket.close()
    await once(socket, 'close')
  }
}, 60_000)
