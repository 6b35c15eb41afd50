/** Subscriptions of one document share their work, over both transports, and nothing that is not theirs. */
import { once } from 'node:events'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import WebSocket from 'ws'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { deleteRun } from '../../src/engine/runs/delete-run.ts'
import { setScore } from '../../src/engine/scores.ts'
import { socketLimits } from '../../src/server/limits/socket-limits.ts'
import { Payload } from '../../src/server/subscriptions/payload.ts'
import { replayLimits } from '../../src/server/subscriptions/replays.ts'
import { seedDataset } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { recordStatements } from '../helpers/statements.ts'

let t: TestServer
let authorization: string
beforeAll(async () => {
  t = await startTestServer()
  authorization = await keyOf(t.scope.projectId)
})
afterAll(() => t[Symbol.asyncDispose]())

async function keyOf(projectId: string): Promise<string> {
  const { key } = await createApiKey(t.db, { ...t.scope, projectId }, { name: crypto.randomUUID(), role: 'WRITE' })
  return `Bearer ${key}`
}

const document = `subscription Follow($id: ID!, $after: String) {
  runFeed(runId: $id, after: $after, until: NEVER) { cursor done run { status } items { id output scores { value } } }
}`

async function seedRun(outputs: (string | number)[]): Promise<string> {
  const executions = outputs.map((output, item) => ({ item, output }))
  return recordRun(t, await seedDataset(t, outputs), executions)
}

let labels = 0
/** Changes an item of a run. */
async function label(runId: string, ordinal = 0): Promise<number> {
  labels += 1
  const score = { name: 'good', source: 'HUMAN', dataType: 'NUMERIC', value: labels } as const
  await setScore(t.services, t.scope, { runId, ordinal, ...score })
  return labels
}

interface Message {
  id?: string
  type: string
  payload?: { data?: { runFeed: { cursor: string; items: { id: string; scores: { value: number }[] }[] } } }
}

/** A socket, and the messages that came over it, as they came. */
async function openSocket(bearer = authorization) {
  const socket = new WebSocket(`${t.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  onTestFinished(() => socket.terminate())
  await once(socket, 'open')
  const texts: string[] = []
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: bearer } }))
  await once(socket, 'message')
  socket.on('message', (data) => texts.push(String(data)))
  return {
    socket,
    texts,
    get messages(): Message[] {
      return texts.map((text) => JSON.parse(text))
    },
    subscribe: (id: string, variables: object, query = document) =>
      socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } })),
  }
}

/** What an event stream has brought so far. */
async function openStream(variables: object) {
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  const response = await fetch(`${t.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization },
    body: JSON.stringify({ query: document, variables }),
    signal: abort.signal,
  })
  const stream = { response, text: '' }
  const decoder = new TextDecoder()
  void response.body
    ?.pipeTo(
      new WritableStream({
        write(chunk) {
          stream.text += decoder.decode(chunk, { stream: true })
        },
      }),
    )
    .catch(() => {})
  return stream
}

test('a change is read, executed and serialised once for all, and messages differ by their id alone', async () => {
  const runId = await seedRun(['a', 'é "quoted"'])
  const id = encodeGlobalId('Run', runId)
  const alone = await openSocket()
  alone.subscribe('alone', { id })
  await expect.poll(() => alone.messages).toHaveLength(1)
  const [, statements] = await recordStatements(async () => {
    const value = await label(runId)
    await expect.poll(() => alone.texts.at(-1)).toContain(`"value":${value}`)
  })

  const sockets = await Promise.all([1, 2, 3].map(() => openSocket()))
  for (const { subscribe } of sockets) for (let n = 0; n < 20; n += 1) subscribe(`${n} "x"`, { id })
  const streams = [await openStream({ id }), await openStream({ id })]
  for (const { texts } of sockets) await expect.poll(() => texts).toHaveLength(20)
  for (const stream of streams) await expect.poll(() => stream.text).toContain('event: next')
  expect(t.feeds.subscribers).toBe(1)
  const [value, shared] = await recordStatements(async () => {
    const value = await label(runId)
    for (const { texts } of sockets) await expect.poll(() => texts).toHaveLength(40)
    for (const stream of streams) await expect.poll(() => stream.text).toContain(`"value":${value}`)
    return value
  })
  expect(shared.length).toBeLessThanOrEqual(statements.length)
  const messages = sockets.flatMap(({ messages }) => messages.slice(20))
  const [payload, ...others] = new Set(messages.map(({ id: _, ...message }) => JSON.stringify(message)))
  expect(others).toEqual([])
  expect(payload).toContain(`"value":${value}`)
  expect(new Set(messages.map(({ id }) => id)).size).toBe(20)
})

test('a large event comes whole over server-sent events, wherever it is divided', async () => {
  const outputs = ['x', '\u{1f600}', 'é'].map((text) => `a${text.repeat(40_000)}`)
  const stream = await openStream({ id: encodeGlobalId('Run', await seedRun(outputs)) })
  await expect.poll(() => stream.text.endsWith('}\n\n'), { timeout: 10_000 }).toBe(true)
  expect(stream.response.headers.get('content-type')).toBe('text/event-stream')
  const data = stream.text.match(/^:\n\nevent: next\ndata: (.*)\n\n$/)?.[1] ?? ''
  const items: { output: string }[] = JSON.parse(data).data.runFeed.items
  expect(new Set(items.map(({ output }) => output))).toEqual(new Set(outputs))
})

test('subscribers with different cursors get what each has missed, and share from there on', async () => {
  const runId = await seedRun(Array.from({ length: 250 }, (_, n) => n))
  const id = encodeGlobalId('Run', runId)
  const first = await openSocket()
  first.subscribe('1', { id })
  await expect.poll(() => first.messages).toHaveLength(3)
  const cursors = first.messages.map(({ payload }) => payload?.data?.runFeed.cursor)
  const others = await openSocket()
  others.subscribe('from 100', { id, after: cursors[0] })
  others.subscribe('from 200', { id, after: cursors[1] })
  others.subscribe('from the end', { id, after: cursors[2] })
  const itemsOf = (wanted: string) =>
    others.messages
      .filter(({ id }) => id === wanted)
      .flatMap(({ payload }) => payload?.data?.runFeed.items.map((item) => item.id) ?? [])
  // Two pages of 100 and of 50, one of 50, and that nothing was missed.
  await expect.poll(() => others.texts).toHaveLength(4)
  expect(['from 100', 'from 200', 'from the end'].map((name) => itemsOf(name).length)).toEqual([150, 50, 0])
  await expect.poll(() => t.feeds.subscribers).toBe(1)
  const before = others.texts.length
  await label(runId, 7)
  await expect.poll(() => others.texts).toHaveLength(before + 3)
  const last = others.messages.slice(before).map(({ payload }) => payload)
  expect(last[1]).toEqual(last[0])
  expect(last[2]).toEqual(last[0])
  expect(last[0]).toEqual(first.messages.at(-1)?.payload)
})

test('a subscription of another project shares nothing, and one of no run is refused as before', async () => {
  const id = encodeGlobalId('Run', await seedRun([1]))
  const mine = await openSocket()
  mine.subscribe('1', { id })
  await expect.poll(() => mine.messages).toHaveLength(1)
  const other = await t.db.prisma.project.create({ data: { name: 'other' } })
  const theirs = await openSocket(await keyOf(other.id))
  theirs.subscribe('1', { id })
  theirs.subscribe('2', { id: encodeGlobalId('Run', '00000000-0000-0000-0000-000000000000') })
  await expect.poll(() => theirs.messages.length).toBe(4)
  for (const name of ['1', '2']) {
    expect(theirs.messages.filter((message) => message.id === name)).toMatchObject([
      { type: 'next', payload: { errors: [{ extensions: { code: 'NOT_FOUND' } }] } },
      { type: 'complete' },
    ])
  }
})

test('a socket that is not read gets no more than fits, and after that the latest state of everything', async () => {
  const size = 300
  const runId = await seedRun(Array.from({ length: size }, () => 'x'.repeat(20_000)))
  const id = encodeGlobalId('Run', runId)
  const [slow, quick] = [await openSocket(), await openSocket()]
  slow.socket.pause()
  slow.subscribe('1', { id })
  quick.subscribe('1', { id })
  const itemsOf = ({ messages }: typeof quick) => messages.flatMap(({ payload }) => payload?.data?.runFeed.items ?? [])
  await expect.poll(() => itemsOf(quick).length).toBe(size)
  let value = 0
  for (let ordinal = 0; ordinal < size; ordinal += 10) value = await label(runId, ordinal)
  await expect.poll(() => quick.texts.at(-1)).toContain(`"value":${value}`)
  slow.socket.resume()
  await expect.poll(() => slow.texts.at(-1)).toContain(`"value":${value}`)
  const latest = (of: typeof quick) => new Map(itemsOf(of).map(({ id, scores }) => [id, scores[0]?.value]))
  expect(latest(slow)).toEqual(latest(quick))
  expect([...latest(slow)].filter(([, value]) => value !== undefined)).toHaveLength(size / 10)
})

test('sockets that are not read are cut off when too much waits for them, which counts once for all that share it', async () => {
  const { allUnsentBytes } = socketLimits
  socketLimits.allUnsentBytes = 20_000_000
  onTestFinished(() => {
    socketLimits.allUnsentBytes = allUnsentBytes
  })
  // More than the buffers of a socket take.
  const id = encodeGlobalId('Run', await seedRun(Array.from({ length: 150 }, () => 'x'.repeat(120_000))))
  let closed = 0
  const follow = async (query: string) => {
    const { socket, subscribe } = await openSocket()
    socket.on('close', () => {
      closed += 1
    })
    socket.pause()
    subscribe('1', { id }, query)
    return socket
  }
  const alike = await Promise.all(Array.from({ length: 5 }, () => follow(document)))
  await expect.poll(() => Payload.unsentBytes).toBeGreaterThan(1_000_000)
  for (const socket of alike) socket.resume()
  await expect.poll(() => Payload.unsentBytes).toBe(0)
  expect(closed).toBe(0)
  const queries = Array.from({ length: 6 }, (_, n) => document.replace('id output', `id a${n}: output`))
  const terminate = vi.spyOn(WebSocket.prototype, 'terminate')
  onTestFinished(() => terminate.mockRestore())
  const different = await Promise.all(queries.map(follow))
  await expect.poll(() => terminate.mock.calls.length).toBeGreaterThan(0)
  await expect.poll(() => Payload.unsentBytes).toBeLessThan(22_500_000)
  for (const socket of different) socket.resume()
  await expect.poll(() => closed).toBeGreaterThan(0)
  expect(closed).toBeLessThan(6)
})

test('the end of a run that is deleted comes to all, and nothing stays open', async () => {
  const runId = await seedRun([1])
  const id = encodeGlobalId('Run', runId)
  const socket = await openSocket()
  socket.subscribe('1', { id })
  socket.subscribe('2', { id })
  const stream = await openStream({ id })
  await expect.poll(() => socket.messages).toHaveLength(2)
  await expect.poll(() => stream.text).toContain('event: next')
  await deleteRun(t.services, t.scope, runId)
  await expect
    .poll(() =>
      socket.messages
        .slice(2)
        .map(({ id, type }) => `${type} ${id}`)
        .sort(),
    )
    .toEqual(['complete 1', 'complete 2', 'next 1', 'next 2'])
  await expect.poll(() => stream.text).toMatch(/"run":null[\s\S]*event: complete/)
  // Those of earlier tests are closed by now.
  await expect.poll(() => t.feeds.subscribers).toBe(0)
})

test('the last message of each subscription comes before its end, however late the turn of its socket is', async () => {
  const runId = await seedRun([1])
  const id = encodeGlobalId('Run', runId)
  const sockets: Awaited<ReturnType<typeof openSocket>>[] = []
  while (sockets.length < 12) sockets.push(await openSocket())
  for (const { subscribe } of sockets) subscribe('1', { id })
  for (const { texts } of sockets) await expect.poll(() => texts).toHaveLength(1)
  // So long takes each socket, and with it all others have to wait for their turn.
  let now = performance.now()
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 5
    return now
  })
  onTestFinished(() => clock.mockRestore())
  await deleteRun(t.services, t.scope, runId)
  for (const { texts } of sockets) await expect.poll(() => texts).toHaveLength(3)
  for (const { messages } of sockets) expect(messages.map(({ type }) => type)).toEqual(['next', 'next', 'complete'])
})

test('beyond the replays that are admitted a subscription is told when to try again; live ones go on', async () => {
  const runId = await seedRun([1])
  const id = encodeGlobalId('Run', runId)
  const live = await openSocket()
  live.subscribe('1', { id })
  await expect.poll(() => live.messages).toHaveLength(1)
  const { all, waiting } = replayLimits
  Object.assign(replayLimits, { all: 0, waiting: 0 })
  onTestFinished(() => void Object.assign(replayLimits, { all, waiting }))
  const late = await openSocket()
  const closed = once(late.socket, 'close')
  late.subscribe('1', { id })
  const [code, reason] = await closed
  expect([code, String(reason)]).toEqual([4503, 'Too many subscriptions begin; try again in 5 s'])
  const { response } = await openStream({ id })
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
  const value = await label(runId)
  await expect.poll(() => live.texts.at(-1)).toContain(`"value":${value}`)
})
