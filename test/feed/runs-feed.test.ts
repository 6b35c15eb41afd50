import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { deleteRun } from '../../src/engine/runs/delete-run.ts'
import { retryFailedItems } from '../../src/engine/runs/reopen-run.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { setScore } from '../../src/engine/scores.ts'
import { followRuns, type RunsFeedBatch } from '../../src/feed/runs-feed.ts'
import { followRun, seedDataset, seedExperiment } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
let failing = true
/** Items of the task `held` wait for it. */
let released = Promise.withResolvers<void>()

beforeAll(async () => {
  const sometimes = (input: number) => {
    if (failing && input === 1) throw Object.assign(new Error('no'), { retryable: false })
    return input
  }
  const held = async (input: number) => {
    await released.promise
    return sometimes(input)
  }
  t = await startTestServer({
    tasks: [
      { name: 'sometimes', run: sometimes },
      { name: 'held', run: held },
    ],
  })
})
afterAll(() => t[Symbol.asyncDispose]())

const anyTime = () => AbortSignal.timeout(30_000)

const follow = (datasetId: string | null, after: string | null = null) =>
  followRuns(t.db, t.feeds.changes, t.scope, { datasetId, after }, anyTime())

async function next(feed: AsyncGenerator<RunsFeedBatch>) {
  const { cursor, runs, deletedIds } = (await feed.next()).value as RunsFeedBatch
  return { cursor, runs: runs.map(({ id }) => id), deletedIds }
}

async function start(datasetId: string, task = 'sometimes') {
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: task })
  return (await startRun(t.services, t.scope, { experimentId })).id
}

test('a run is told of when it is started, also when no worker takes it', async () => {
  const datasetId = await seedDataset(t, [1, 2, 3])
  const told: string[] = []
  // Null, which the slow poll tells, does not count.
  const off = t.feeds.changes.on((runId) => runId !== null && told.push(runId))
  const feeds = [await follow(datasetId), await follow(null)]
  for (const feed of feeds) expect(await next(feed)).toMatchObject({ runs: [], deletedIds: [] })
  const pending = feeds.map((feed) => feed.next())
  const id = await start(datasetId)
  await expect.poll(() => told).toEqual([id])
  for (const { value } of await Promise.all(pending))
    expect(value).toMatchObject({ runs: [{ id, status: 'QUEUED', total: 3 }] })
  off()
  await Promise.all(feeds.map((feed) => feed.return(undefined)))
  await t.db.pool.query(`UPDATE run SET status = 'CANCELLED'`)
})

test('what commits late is not lost to those who have seen what commits early', async () => {
  const datasetId = await seedDataset(t, [0])
  const [late = '', early = ''] = [await recordRun(t, datasetId, []), await recordRun(t, datasetId, [])]
  const feed = await follow(datasetId)
  await next(feed)
  const client = await t.db.pool.connect()
  const change = `UPDATE run SET seq = seq + 1 WHERE id = $1`
  await client.query('BEGIN')
  await client.query(change, [late])
  await t.db.pool.query(change, [early])
  const { cursor, ...first } = await next(feed)
  expect(first).toEqual({ runs: [early], deletedIds: [] })
  await client.query('COMMIT')
  client.release()
  expect(await next(feed)).toMatchObject({ runs: [late] })
  expect(await next(await follow(datasetId, cursor))).toMatchObject({ runs: [late] })
  await feed.return(undefined)
})

test('many changes come in parts, and a cursor from between them has the rest to come', async () => {
  const datasetId = await seedDataset(t, [0])
  const { cursor } = await next(await follow(datasetId))
  const ids = new Set<string>()
  for (const _ of Array(120).keys()) ids.add(await recordRun(t, datasetId, []))
  const feed = await follow(datasetId, cursor)
  const first = await next(feed)
  expect(first.runs).toHaveLength(100)
  const second = await next(feed)
  expect(new Set([...first.runs, ...second.runs])).toEqual(ids)
  expect((await next(await follow(datasetId, first.cursor))).runs).toHaveLength(100)
  expect((await next(await follow(datasetId, second.cursor))).runs).toEqual([])
  await feed.return(undefined)
})

test('runs that go with their dataset are told of as deleted', async () => {
  const datasetId = await seedDataset(t, [0])
  const runId = await recordRun(t, datasetId, [])
  const { cursor } = await next(await follow(null))
  await t.db.prisma.dataset.delete({ where: { id: datasetId } })
  expect(await next(await follow(null, cursor))).toMatchObject({ runs: [], deletedIds: [runId] })
})

test('cursors of another feed, altered ones and those of a restored database are refused', async () => {
  const [one, other] = [await seedDataset(t, [0]), await seedDataset(t, [0])]
  const { cursor } = await next(await follow(one))
  const { cursor: foreign } = await next(await follow(other))
  const altered = Buffer.from(`${Buffer.from(cursor, 'base64url')}:1`).toString('base64url')
  for (const after of ['', '12', foreign, altered]) {
    await expect(follow(one, after)).rejects.toMatchObject({ code: 'INVALID_INPUT', path: ['after'] })
  }
  await t.db.pool.query('UPDATE feed_epoch SET value = gen_random_uuid()')
  await expect(follow(one, cursor)).rejects.toMatchObject({ code: 'CURSOR_EXPIRED', path: ['after'] })
  await expect(follow(crypto.randomUUID())).rejects.toMatchObject({ code: 'NOT_FOUND', path: ['datasetId'] })
})

const runFields = 'id status progress { queued running succeeded failed } scores { value } '
const itemFields = 'id status output scores { value } '

interface Node {
  id: string
}

/** A client that keeps what a subscription sends by id, and whose socket can be cut. */
function cachingClient(field: string, selection: string) {
  const cache = new Map<string, Node>()
  let cursor: string | null = null
  return {
    cache,
    /** Subscribes after the last cursor; the result cuts the socket, without a word to the server. */
    connect() {
      const sockets: WebSocket[] = []
      const client = createClient({
        url: `${t.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        on: { opened: (socket) => void sockets.push(socket as WebSocket) },
      })
      const query = `subscription ($after: String) { feed: ${field} { cursor ${selection} } }`
      const merge = async () => {
        // biome-ignore lint/suspicious/noExplicitAny: what it has depends on the field
        for await (const { data, errors } of client.iterate<any>({ query, variables: { after: cursor } })) {
          if (errors) throw new Error(JSON.stringify(errors))
          const { run, runs = [run], items = [], deletedRunIds = [] } = data.feed
          if (run === null) cache.clear()
          for (const node of [...runs, ...items]) if (node) cache.set(node.id, node)
          for (const id of deletedRunIds) cache.delete(id)
          cursor = data.feed.cursor
        }
      }
      const ended = merge().catch((error: unknown) => {
        if (error instanceof Error) throw error
      })
      return async () => {
        for (const socket of sockets) socket.terminate()
        await ended
      }
    },
  }
}

test('clients that were cut off while a run ended, was retried, labelled and deleted have what the server has', async () => {
  failing = true
  released = Promise.withResolvers()
  const datasetId = await seedDataset(t, [1, 2, 3])
  const runId = await start(datasetId, 'held')
  const [dataset, run] = [encodeGlobalId('Dataset', datasetId), encodeGlobalId('Run', runId)]
  const runsOnly = `runs { ${runFields} } deletedRunIds`
  const ofRun = cachingClient(
    `runFeed(runId: "${run}", until: NEVER, after: $after)`,
    `run { ${runFields} } items { ${itemFields} }`,
  )
  const lists = [
    cachingClient(`datasetRuns(datasetId: "${dataset}", after: $after)`, runsOnly),
    cachingClient('runsFeed(after: $after)', runsOnly),
  ]
  const clients = [ofRun, ...lists]
  const serverState = async () => {
    const { data } = await t.query(
      `{ runs(filter: { datasetId: "${dataset}" }) { nodes { ${runFields} } } node(id: "${run}") { ... on Run { items { nodes { ${itemFields} } } } } }`,
    )
    const runs: Node[] = data.runs.nodes
    const items: Node[] = (data.node?.items.nodes ?? []).filter(({ status }: { status: string }) => status !== 'QUEUED')
    const byId = (nodes: Node[]) => Object.fromEntries(nodes.map((node) => [node.id, node]))
    return [byId([...runs, ...items]), byId(runs), byId(runs)]
  }
  const cached = () => clients.map(({ cache }) => Object.fromEntries(cache))
  /** Connects until all caches are as the server is, then cuts the sockets. */
  const catchUp = async () => {
    const cuts = clients.map((client) => client.connect())
    const expected = await serverState()
    await expect.poll(cached, { timeout: 10_000 }).toEqual(expected)
    await Promise.all(cuts.map((cut) => cut()))
  }

  await catchUp()
  expect(cached()[1]).toMatchObject({ [run]: { status: 'QUEUED' } })

  await t.startWorker()
  released.resolve()
  await followRun(t, runId)
  await catchUp()
  expect(cached()[2]).toMatchObject({ [run]: { status: 'COMPLETED', progress: { failed: 1 } } })

  failing = false
  await retryFailedItems(t.services, t.scope, runId)
  await followRun(t, runId)
  await catchUp()
  expect(cached()[1]).toMatchObject({ [run]: { progress: { failed: 0, succeeded: 3 } } })

  const score = { runId, name: 'good', source: 'HUMAN', dataType: 'BOOLEAN', value: 1 } as const
  await setScore(t.services, t.scope, { ...score, ordinal: 0 })
  await setScore(t.services, t.scope, { ...score, ordinal: null })
  await catchUp()
  expect(cached()[2]).toMatchObject({ [run]: { scores: [{ value: 1 }] } })

  // Ended, retried, labelled and deleted while nobody was there.
  await deleteRun(t.services, t.scope, runId)
  await catchUp()
  expect(cached()).toEqual([{}, {}, {}])
})
