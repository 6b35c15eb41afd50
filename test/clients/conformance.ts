/** What every client's cache must do with its recipe. Each client has a test file that calls `testCache`. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { followRun, seedDataset, seedExperiment } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
export type Data = any

/** A client with its cache, as the recipe makes it. */
export interface CachingClient {
  /** Asks the server, and puts the answer into the cache. */
  query(name: string, variables: object): Promise<Data>
  /** What the cache alone says; null if it lacks something. */
  cached(name: string, variables: object): Promise<Data>
  mutate(name: string, variables: object): Promise<Data>
  /** @returns a function that ends the subscription */
  subscribe(name: string, variables: object, onData: (data: Data) => void): () => void
}

export type ClientMaker = (url: string, onExpired: () => void) => Promise<CachingClient>

export function testCache(name: string, create: ClientMaker): void {
  describe(name, () => defineTests(create))
}

function defineTests(create: ClientMaker): void {
  let t: TestServer
  let connection: Connection
  let datasetId: string
  let experimentId: string
  /** A run on version 1 and one on version 2. */
  let runs: [string, string]
  let client: CachingClient
  let complaints: MockInstance[]
  let expirations = 0

  beforeAll(async () => {
    t = await startTestServer({ tasks: [{ name: 'double', run: ({ n }: { n: number }) => ({ doubled: n * 2 }) }] })
    connection = await openConnection(t.url)
    const dataset = await seedDataset(t, [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }])
    datasetId = globalId('Dataset', dataset)
    experimentId = await seedExperiment(t, dataset, { kind: 'module', name: 'double' })
    await t.startWorker()
    const first = await completedRun()
    const client = await create(t.url, () => {})
    const seen = (await client.query('SeenQuery', { id: first })).node.items.edges
    const changed = await client.mutate('ChangeItemMutation', {
      input: { datasetId, items: seen.map(edgeToChange) },
    })
    expect(changed.upsertDatasetItems).toMatchObject({ changed: 5 })
    runs = [first, await completedRun()]
  })
  afterAll(async () => {
    await connection.close()
    await t[Symbol.asyncDispose]()
  })

  beforeEach(async () => {
    complaints = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'error')]
    expirations = 0
    client = await create(connection.url, () => {
      expirations += 1
    })
  })
  afterEach(() => {
    for (const complaint of complaints) expect(complaint.mock.calls).toEqual([])
    vi.restoreAllMocks()
  })

  const edgeToChange = ({ node }: Data) => ({ id: node.datasetItem.id, input: { n: node.revision.input.n + 100 } })
  const edges = (data: Data): Data[] => data.node.items.edges.map(({ node }: Data) => node)
  const inputs = (data: Data) =>
    edges(data)
      .map(({ revision }) => revision.input.n)
      .toSorted()

  async function startedRun(): Promise<string> {
    return globalId('Run', (await startRun(t.services, t.scope, { experimentId })).id)
  }

  async function completedRun(): Promise<string> {
    const { id } = await startRun(t.services, t.scope, { experimentId })
    await followRun(t, id)
    return globalId('Run', id)
  }

  test('runs on two versions of a dataset each show what they saw', async () => {
    await client.query('SeenQuery', { id: runs[0] })
    await client.query('SeenQuery', { id: runs[1] })
    const [first, second] = await Promise.all(runs.map((id) => client.cached('SeenQuery', { id })))
    expect(first.node.datasetVersion).toBe(1)
    expect(second.node.datasetVersion).toBe(2)
    expect(inputs(first)).toEqual([1, 2, 3, 4, 5])
    expect(inputs(second)).toEqual([101, 102, 103, 104, 105])
    const logical = (data: Data) => edges(data).map(({ datasetItem }) => datasetItem)
    expect(logical(first)).toEqual(logical(second))
    for (const { datasetItem } of edges(first)) expect(datasetItem.latest.input.n).toBeGreaterThan(100)
  })

  test('a comparison of both shows both in each row, and leaves the runs as they are', async () => {
    await client.query('SeenQuery', { id: runs[0] })
    const variables = { baselineId: runs[0], candidateIds: [runs[1]] }
    await client.query('CompareQuery', variables)
    const { compareRuns } = await client.cached('CompareQuery', variables)
    expect(compareRuns.rows.edges).toHaveLength(5)
    for (const { node } of compareRuns.rows.edges) {
      const [{ n: before }, { n: after }] = node.cells.map(({ revision }: Data) => revision.input)
      expect(after).toBe(before + 100)
      expect(node.cells.map(({ items }: Data) => items[0].output.doubled)).toEqual([before * 2, after * 2])
      expect(node.datasetItem.latest.input).toEqual({ n: after })
    }
    expect(inputs(await client.cached('SeenQuery', { id: runs[0] }))).toEqual([1, 2, 3, 4, 5])
  })

  test('after a mutation the cache says what its payload says', async () => {
    const { node } = await client.query('DatasetByIdQuery', { id: datasetId })
    const name = `${node.name} renamed`
    const renamed = await client.mutate('RenameDatasetMutation', { id: datasetId, name })
    expect(renamed.updateDataset.__typename).toBe('UpdateDatasetPayload')
    expect((await client.cached('DatasetByIdQuery', { id: datasetId })).node).toMatchObject({ ...node, name })
  })

  test('a changed item is new in the cache, and what earlier runs saw is not', async () => {
    const seen = await client.query('SeenQuery', { id: runs[1] })
    const [{ datasetItem, revision }] = edges(seen)
    const input = { n: revision.input.n + Math.random() }
    await client.mutate('ChangeItemMutation', { input: { datasetId, items: [{ id: datasetItem.id, input }] } })
    const [now] = edges(await client.cached('SeenQuery', { id: runs[1] }))
    expect(now.datasetItem.latest.input).toEqual(input)
    expect(now.revision).toEqual(revision)
  })

  test('the pages of a list become one list', async () => {
    const { node } = await client.query('RunQuery', { id: runs[0], first: 2 })
    const after = node.items.pageInfo.endCursor
    await client.query('RunQuery', { id: runs[0], first: 2, after })
    const { node: cached } = await client.cached('RunQuery', { id: runs[0], first: 2 })
    expect(new Set(cached.items.edges.map(({ node }: Data) => node.id)).size).toBe(4)
  })

  test('an error of a mutation is data, with code, message and path', async () => {
    const { updateDataset } = await client.mutate('RenameDatasetMutation', { id: datasetId, name: '' })
    expect(updateDataset).toMatchObject({ __typename: 'InvalidInputError', code: 'INVALID_INPUT' })
    expect(updateDataset.path).toContain('name')
  })

  test('the feed of a run keeps its figures up to date, beside those that only a query selects', async () => {
    const id = await startedRun()
    const variables = { id, first: 10 }
    const { node } = await client.query('RunQuery', variables)
    await client.query('OtherFiguresQuery', { id })
    const end = client.subscribe('FollowRunSubscription', { runId: id, after: node.cursor }, () => {})
    await expect
      .poll(async () => (await client.cached('RunQuery', variables)).node)
      .toMatchObject({ status: 'COMPLETED', progress: { total: 5, succeeded: 5, failed: 0 } })
    end()
    const rows = edges(await client.cached('RunQuery', variables))
    expect(rows.every(({ status, output }) => status === 'SUCCEEDED' && output.doubled > 0)).toBe(true)
    expect((await client.cached('OtherFiguresQuery', { id })).node.progress.total).toBe(5)
  })

  describe('a subscription', () => {
    /** Follows a finished run; the cache gets to know of a score that is given then. */
    async function followScores() {
      const id = await completedRun()
      const { node } = await client.query('RunQuery', { id, first: 10 })
      const batches: Data[] = []
      const end = client.subscribe('FollowRunSubscription', { runId: id, after: node.cursor }, ({ runFeed }) =>
        batches.push(runFeed),
      )
      const names = async () =>
        (await client.cached('RunQuery', { id, first: 10 }))?.node.stats.scores.map(({ name }: Data) => name)
      const rows = edges({ node }).map(({ id }) => id)
      return { batches, end, names, rows }
    }

    async function giveScore(runItemId: string, name: string) {
      const mutation = `mutation ($input: SetScoreInput!) { setScore(input: $input) { __typename } }`
      const { errors } = await t.query(mutation, { input: { target: { runItemId }, name, value: 1 } })
      expect(errors).toBeUndefined()
    }

    test('continues after a lost connection from the last cursor', async () => {
      const { batches, end, names, rows } = await followScores()
      await giveScore(rows[0], 'before')
      await expect.poll(names).toEqual(['before'])
      const received = batches.length
      connection.cut()
      await giveScore(rows[1], 'meanwhile')
      await expect.poll(names).toEqual(['before', 'meanwhile'])
      const later = batches.slice(received).flatMap(({ items }) => items)
      expect(new Set(later.map(({ id }) => id))).toEqual(new Set([rows[1]]))
      end()
    })

    test('starts over when the database was restored, after the cache was told', async () => {
      const { batches, end, names, rows } = await followScores()
      await giveScore(rows[0], 'before')
      await expect.poll(names).toEqual(['before'])
      await t.db.pool.query('UPDATE feed_epoch SET value = gen_random_uuid()')
      const received = batches.length
      await expect.poll(() => batches.slice(received).flatMap(({ items }) => items).length).toBe(5)
      expect(expirations).toBe(1)
      await giveScore(rows[1], 'after')
      await expect.poll(() => batches.at(-1).run.stats.scores.length).toBe(2)
      end()
    })
  })
}

function globalId(type: string, raw: string): string {
  return Buffer.from(`${type}:${raw}`).toString('base64url')
}

interface Connection {
  url: string
  /** Breaks what is open; new connections are accepted. */
  cut(): void
  close(): Promise<void>
}

/** A way to the server that can be cut. */
async function openConnection(url: string): Promise<Connection> {
  const open = new Set<Socket>()
  const proxy = createServer((incoming) => {
    const outgoing = connect(Number(new URL(url).port), '127.0.0.1')
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      open.add(socket)
      socket.pipe(other)
      socket.on('error', () => {})
      socket.once('close', () => {
        open.delete(socket)
        other.destroy()
      })
    }
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const cut = () => {
    for (const socket of open) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    cut,
    async close() {
      const closed = once(proxy.close(), 'close')
      cut()
      await closed
    },
  }
}
