/** Cursors from before the database was restored or copied, when positions are counted a second time. */
import { createClient } from 'graphql-ws'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts'
import { createTestEngine, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'
import { startTestServer } from '../helpers/server.ts'

/** What a dump carries along is the row's value; the row itself is written again. */
const restoreEpochRow = `BEGIN; CREATE TEMPORARY TABLE dumped ON COMMIT DROP AS SELECT * FROM feed_epoch;
  DELETE FROM feed_epoch; INSERT INTO feed_epoch SELECT * FROM dumped; COMMIT`

const expired = {
  code: 'CURSOR_EXPIRED',
  path: ['after'],
  message: expect.stringMatching(/start over.*without `after`/),
}

async function openRun(t: TestEngine): Promise<string> {
  const experimentId = await seedExperiment(t, await seedDataset(t, [1, 2]), { kind: 'module', name: 'none' })
  return (await startRun(t.services, t.scope, { experimentId })).id
}

/** The first batch of the run's feed after a cursor. */
async function follow(t: TestEngine, runId: string, after: string | null) {
  return (await (await t.feeds.subscribe(t.scope, runId, after, AbortSignal.timeout(30_000))).next()).value
}

async function compare(t: TestEngine, runId: string, after: string | null) {
  const input = { baselineId: runId, candidateIds: [runId] }
  return (await (await t.comparisons.subscribe(t.scope, input, after, AbortSignal.timeout(30_000))).next()).value
}

test.each([
  ['a copy with TEMPLATE', ''],
  ['pg_restore into an empty database', restoreEpochRow],
])('cursors have expired after %s', async (_how, statements) => {
  const database = await createTestDatabase()
  onTestFinished(database.drop)
  const before = await createTestEngine({}, { ...database, drop: async () => {} })
  const runId = await openRun(before)
  const cursors = [(await follow(before, runId, null)).cursor, (await compare(before, runId, null)).cursor]
  expect(await follow(before, runId, cursors[0])).toMatchObject({ cursor: cursors[0] })
  await before[Symbol.asyncDispose]()

  const after = await createTestEngine({}, await copyOf(database, statements))
  onTestFinished(() => after[Symbol.asyncDispose]())
  await expect(follow(after, runId, cursors[0])).rejects.toMatchObject(expired)
  await expect(compare(after, runId, cursors[1])).rejects.toMatchObject(expired)
  const again = await follow(after, runId, null)
  expect(await follow(after, runId, again.cursor)).toMatchObject({ cursor: again.cursor })
})

async function copyOf(database: TestDatabase, statements: string): Promise<TestDatabase> {
  const copy = await createTestDatabase(new URL(database.url).pathname.slice(1))
  const client = new pg.Client({ connectionString: copy.url })
  await client.connect()
  await client.query(statements)
  await client.end()
  return copy
}

test('pg_restore --clean into the same database ends live subscriptions, and their cursors have expired', async () => {
  const t = await startTestServer()
  onTestFinished(() => t[Symbol.asyncDispose]())
  const runId = Buffer.from(`Run:${await openRun(t)}`).toString('base64url')
  const client = createClient({ url: `${t.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket })
  onTestFinished(() => void client.dispose())
  const query = 'subscription($runId: ID!, $after: String) { runFeed(runId: $runId, after: $after) { cursor } }'
  const subscribe = (after?: string) =>
    client.iterate<{ runFeed: { cursor: string } }>({ query, variables: { runId, after } })
  const errors = [{ path: ['runFeed'], extensions: { code: 'CURSOR_EXPIRED', path: ['after'] } }]

  const live = subscribe()
  const { cursor = '' } = (await live.next()).value?.data?.runFeed ?? {}
  await t.db.pool.query(restoreEpochRow)
  expect((await live.next()).value).toMatchObject({ errors })
  expect(await live.next()).toMatchObject({ done: true })
  expect(await Array.fromAsync(subscribe(cursor))).toMatchObject([{ errors }])

  const { data } = await t.query('query($id: ID!) { node(id: $id) { ... on Run { cursor } } }', { id: runId })
  expect((await subscribe(data.node.cursor).next()).value).toEqual({ data: { runFeed: { cursor: data.node.cursor } } })
})

test('a cursor beyond the end of its run has expired, whatever it was that set the database back', async () => {
  const t = await createTestEngine()
  onTestFinished(() => t[Symbol.asyncDispose]())
  const runId = await openRun(t)
  await t.db.pool.query('UPDATE run SET seq = 5')
  const { cursor } = await follow(t, runId, null)
  await t.db.pool.query('UPDATE run SET seq = 4')
  await expect(follow(t, runId, cursor)).rejects.toMatchObject(expired)
})
