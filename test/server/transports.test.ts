import { createClient as createSseClient } from 'graphql-sse'
import { createClient as createWsClient } from 'graphql-ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { cancelRun } from '../../src/engine/runs/cancel-run.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { recordStatements } from '../helpers/statements.ts'

let t: TestServer
let experimentId: string
let hangingExperimentId: string

beforeAll(async () => {
  t = await startTestServer({
    tasks: [
      { name: 'double', run: (input: number) => input * 2 },
      {
        name: 'hang',
        run: (_input, _item, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject)),
      },
    ],
  })
  const datasetId = await seedDataset(
    t,
    Array.from({ length: 120 }, (_, n) => n),
  )
  experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'double' })
  hangingExperimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'hang' })
  await t.startWorker()
})
afterAll(() => t[Symbol.asyncDispose]())

const wsUrl = () => `${t.url.replace('http', 'ws')}/graphql`

const runFeed = `subscription($runId: ID!, $after: String) {
  runFeed(runId: $runId, after: $after) {
    cursor done
    run { status progress { total succeeded } }
    items { id status input output }
  }
}`

interface Item {
  id: string
  status: string
  input: number
  output: number
}
interface Batch {
  data?: { runFeed: { cursor: string; done: boolean; run: { status: string }; items: Item[] } } | null
  errors?: readonly { message: string; extensions?: unknown }[]
}

async function startedRun(): Promise<string> {
  const { id } = await startRun(t.services, t.scope, { experimentId })
  return Buffer.from(`Run:${id}`).toString('base64url')
}

async function collect(batches: AsyncIterable<Batch>) {
  const items = new Map<string, Item>()
  let last: Batch['data']
  for await (const { data, errors } of batches) {
    expect(errors).toBeUndefined()
    last = data
    for (const item of data?.runFeed.items ?? []) items.set(item.id, item)
  }
  return { items: [...items.values()], last }
}

function expectWholeRun({ items, last }: Awaited<ReturnType<typeof collect>>) {
  expect(items).toHaveLength(120)
  for (const item of items) expect(item).toMatchObject({ status: 'SUCCEEDED', output: item.input * 2 })
  expect(last?.runFeed).toMatchObject({ done: true, run: { status: 'COMPLETED' } })
}

test('the graphql-ws client follows a run to its end', async () => {
  const client = createWsClient({ url: wsUrl(), webSocketImpl: WebSocket })
  const runId = await startedRun()
  expectWholeRun(await collect(client.iterate({ query: runFeed, variables: { runId } }) as AsyncIterable<Batch>))
  await client.dispose()
})

test('the graphql-ws client runs queries and is told of mistakes without losing its socket', async () => {
  let sockets = 0
  const client = createWsClient({
    url: wsUrl(),
    webSocketImpl: WebSocket,
    on: {
      opened: () => {
        sockets += 1
      },
    },
    lazy: false,
  })
  const results = async (query: string) => Array.fromAsync(client.iterate({ query }))
  expect(await results('{ viewer { role } }')).toEqual([{ data: { viewer: { role: 'ADMIN' } } }])
  await expect(results('{ viewer { nonsense } }')).rejects.toMatchObject([
    { message: expect.stringContaining('nonsense') },
  ])
  await expect(results('{ viewer { ')).rejects.toMatchObject([{ message: expect.stringContaining('Syntax Error') }])
  expect(await results(`subscription { runFeed(runId: "nope") { cursor } }`)).toMatchObject([
    { errors: [{ extensions: { code: 'INVALID_INPUT', path: ['runId'] } }] },
  ])
  expect(await results('{ viewer { role } }')).toEqual([{ data: { viewer: { role: 'ADMIN' } } }])
  expect(sockets).toBe(1)
  await client.dispose()
})

test('the graphql-sse client follows a run to its end', async () => {
  const client = createSseClient({ url: `${t.url}/graphql` })
  const runId = await startedRun()
  expectWholeRun(await collect(client.iterate({ query: runFeed, variables: { runId } }) as AsyncIterable<Batch>))
  client.dispose()
})

test('fetch reads the feed as server-sent events', async () => {
  const runId = await startedRun()
  const response = await fetch(`${t.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: runFeed, variables: { runId } }),
  })
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  const events = (await response.text()).split('\n\n').filter((event) => event.startsWith('event: next'))
  const batches = events.map((event) => JSON.parse(event.slice(event.indexOf('data: ') + 6)) as Batch)
  expectWholeRun(
    await collect(
      (async function* () {
        yield* batches
      })(),
    ),
  )
})

test('a query over server-sent events is one event, however large', async () => {
  const query = `{ ${Array.from({ length: 40 }, (_, n) => `a${n}: __type(name: "Run") { description fields { name description type { name kind } args { name description } } }`).join(' ')} }`
  const ask = async (accept: string) => {
    const headers = { 'content-type': 'application/json', accept }
    const response = await fetch(`${t.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
    return { response, text: await response.text() }
  }
  const json = await ask('application/*')
  expect(json.text.length).toBeGreaterThan(256 * 1024)
  const { response, text } = await ask('text/event-stream')
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const [, data = '', end] = text.match(/^:\n\nevent: next\ndata: (.*)\n\n(event: complete)\ndata:\n\n$/) ?? []
  expect(JSON.parse(data)).toEqual(JSON.parse(json.text))
  expect(end).toBe('event: complete')
})

test('a feed that resumes from a cursor brings only what came after it', async () => {
  const client = createWsClient({ url: wsUrl(), webSocketImpl: WebSocket })
  const runId = await startedRun()
  const { last } = await collect(client.iterate({ query: runFeed, variables: { runId } }) as AsyncIterable<Batch>)
  const again = await collect(
    client.iterate({ query: runFeed, variables: { runId, after: last?.runFeed.cursor } }) as AsyncIterable<Batch>,
  )
  expect(again.items).toEqual([])
  expect(again.last?.runFeed.done).toBe(true)
  await client.dispose()
})

test('a subscriber that goes away is forgotten', async () => {
  const { id } = await startRun(t.services, t.scope, { experimentId: hangingExperimentId })
  const runId = Buffer.from(`Run:${id}`).toString('base64url')
  const client = createWsClient({ url: wsUrl(), webSocketImpl: WebSocket })
  const batches = client.iterate({ query: runFeed, variables: { runId } })
  expect(await batches.next()).toMatchObject({ done: false })
  expect(t.feeds.subscribers).toBe(1)
  await batches.return?.()
  await expect.poll(() => t.feeds.subscribers).toBe(0)

  const abort = new AbortController()
  const response = await fetch(`${t.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: runFeed, variables: { runId } }),
    signal: abort.signal,
  })
  await response.body?.getReader().read()
  await expect.poll(() => t.feeds.subscribers).toBe(1)
  abort.abort()
  await expect.poll(() => t.feeds.subscribers).toBe(0)
  await client.dispose()
  await cancelRun(t.services, t.scope, id)
})

test('events of a subscription read what is there at their time', async () => {
  const client = createWsClient({ url: wsUrl(), webSocketImpl: WebSocket })
  const { id } = await startRun(t.services, t.scope, { experimentId: hangingExperimentId })
  const runId = Buffer.from(`Run:${id}`).toString('base64url')
  const names: string[] = []
  for await (const { data } of client.iterate<{ runFeed: { run: { dataset: { name: string } } } }>({
    query: `subscription($runId: ID!) { runFeed(runId: $runId) { done run { dataset { name } } } }`,
    variables: { runId },
  })) {
    names.push(data?.runFeed.run.dataset.name ?? '')
    if (names.length > 1) continue
    await t.db.pool.query(`UPDATE dataset SET name = 'renamed'`)
    await cancelRun(t.services, t.scope, id)
  }
  // Events between the first one and the cancellation may have read either.
  expect(names.at(0)).not.toBe('renamed')
  expect(names.at(-1)).toBe('renamed')
  await client.dispose()
})

test('the statistics in a batch are of the same moment as its progress: one statement reads both', async () => {
  const runId = await startedRun()
  const client = createWsClient({ url: wsUrl(), webSocketImpl: WebSocket })
  const follow = (fields: string) =>
    Array.fromAsync(
      client.iterate<{ runFeed: { done: boolean; run: object } }>({
        query: `subscription($runId: ID!) { runFeed(runId: $runId) { done run { ${fields} } } }`,
        variables: { runId },
      }),
    )
  await follow('status')
  const [batches, statements] = await recordStatements(() =>
    follow('progress { succeeded } stats { latencyMs { count } scores { labels { count } } }'),
  )
  expect(batches.at(-1)?.data?.runFeed.run).toMatchObject({
    progress: { succeeded: 120 },
    stats: { latencyMs: { count: 120 }, scores: [] },
  })
  const ofStats = statements.filter((text) => /run_latency_bucket|run_score_summary|run_score_label/.test(text))
  expect(ofStats).toHaveLength(1)
  expect(ofStats[0]).toMatch(/LEFT JOIN run r/)
  await client.dispose()
})
