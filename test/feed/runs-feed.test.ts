import { afterAll, beforeAll, expect, test } from 'vitest'
import { channels, notify } from '../../src/db/listener.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import type { RunsFeedBatch } from '../../src/feed/runs-feed.ts'
import { createTestEngine, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { recordStatements } from '../helpers/statements.ts'

let t: TestEngine

beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

const anyTime = () => AbortSignal.timeout(30_000)

const follow = (datasetId: string | null, after: string | null = null) =>
  t.feeds.runs.subscribe(t.scope, { datasetId, after }, anyTime())

async function next(feed: AsyncGenerator<RunsFeedBatch>) {
  const { cursor, runs, deletedIds } = (await feed.next()).value as RunsFeedBatch
  return { cursor, runs: runs.map(({ id }) => id), deletedIds }
}

async function start(datasetId: string) {
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'none' })
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

test('what happens in another dataset is read by those who follow it alone', async () => {
  const [mine, other] = [await seedDataset(t, [1]), await seedDataset(t, [1])]
  const feeds = [await follow(mine), await follow(other)] as const
  for (const feed of feeds) await next(feed)
  const runId = await start(other)
  await next(feeds[1])
  const reads: number[] = []
  // The slow poll, which wakes all, may fall into one of them.
  for (let round = 0; round < 3; round += 1) {
    const [, statements] = await recordStatements(async () => {
      await t.db.pool.query(`UPDATE run SET seq = seq + 1 WHERE id = $1`, [runId])
      await notify(t.db.pool, channels.run, `${runId}:${round}`)
      await next(feeds[1])
    })
    reads.push(statements.filter((text) => text.includes('run_event')).length)
  }
  expect(Math.min(...reads)).toBe(1)
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

test('subscribers who came one after the other share the reads of what changes', async () => {
  const datasetId = await seedDataset(t, [0])
  const runId = await recordRun(t, datasetId, [])
  const feeds: AsyncGenerator<RunsFeedBatch>[] = []
  for (const _ of Array(20).keys()) {
    const feed = await follow(datasetId)
    await next(feed)
    feeds.push(feed)
  }
  const change = async () => {
    const pending = feeds.map(next)
    await t.db.pool.query('UPDATE run SET seq = seq + 1 WHERE id = $1', [runId])
    expect(await Promise.all(pending)).toEqual(feeds.map(() => expect.objectContaining({ runs: [runId] })))
  }
  // Those who were not waiting when something changed catch up by themselves.
  await change()
  const [, statements] = await recordStatements(change)
  expect(statements.filter((text) => text.includes('FROM run_event')).length).toBeLessThan(10)
  await Promise.all(feeds.map((feed) => feed.return(undefined)))
})

test('whenever a subscriber comes and however slow it is, it gets every run in its last state, and none twice', async () => {
  const datasetId = await seedDataset(t, [0])
  const runIds = await Promise.all(Array.from({ length: 5 }, () => recordRun(t, datasetId, [])))
  const { cursor } = await next(await follow(datasetId))
  const change = async () => {
    for (const runId of runIds) {
      await t.db.pool.query('UPDATE run SET seq = seq + 1 WHERE id = $1', [runId])
      await notify(t.db.pool, channels.run, `${runId}:0`)
    }
  }
  const subscribe = async (slow: number) => {
    const seen = new Map<string, number>()
    for await (const { runs } of await follow(datasetId, cursor)) {
      for (const { id, seq } of runs) {
        expect(seq).toBeGreaterThan(seen.get(id) ?? 0)
        seen.set(id, seq)
      }
      for (const _ of Array(slow).keys()) await t.db.pool.query('SELECT pg_sleep(0.1)')
      if (runIds.every((id) => seen.get(id) === last.get(id))) return
    }
  }
  const last = new Map<string, number>()
  const subscribers: Promise<void>[] = []
  for (const n of Array(12).keys()) {
    subscribers.push(subscribe(n % 4))
    await change()
  }
  const { rows } = await t.db.pool.query('SELECT id, seq FROM run WHERE id = ANY ($1)', [runIds])
  for (const { id, seq } of rows) last.set(id, seq)
  await change()
  for (const id of runIds) last.set(id, (last.get(id) ?? 0) + 1)
  await Promise.all(subscribers)
})
