import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Run } from '../../src/db/generated/prisma/client.ts'
import { type LeftOut, type ListedRunItem, nothingLeftOut } from '../../src/db/sql/run-item/listed-columns.ts'
import { optionalColumns } from '../../src/db/sql/run-item/run-item-columns.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { RunFeeds } from '../../src/feed/run-feed.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'
import { testScope } from '../helpers/scope.ts'

let t: TestEngine
let experimentId: string
const size = 1_319

beforeAll(async () => {
  t = await createTestEngine({
    tasks: [
      {
        name: 'uneven',
        // A third fails, some are tried twice: rows change more than once and out of order.
        run: async (input: number, item) => {
          await new Promise((resolve) => setTimeout(resolve, input % 7))
          if (input % 3 === 0)
            throw Object.assign(new Error('no'), { retryable: input % 2 === 0 && item.attempt === 1 })
          return { doubled: input * 2 }
        },
      },
    ],
  })
  const datasetId = await seedDataset(
    t,
    Array.from({ length: size }, (_, n) => n),
  )
  experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'uneven' }, { concurrency: 50 })
  await t.startWorker()
})
afterAll(() => t[Symbol.asyncDispose]())

const positionOf = (cursor: string) => Number(Buffer.from(cursor, 'base64url').toString().split(':').at(-1))

type FinalState = Pick<ListedRunItem, 'ordinal' | 'status' | 'output' | 'attempts' | 'seq'> & { error: unknown }

const final = (rows: Iterable<FinalState>) =>
  [...rows]
    .toSorted((a, b) => a.ordinal - b.ordinal)
    .map(({ ordinal, status, output, error, attempts, seq }) => ({ ordinal, status, output, error, attempts, seq }))

async function stored(runId: string) {
  const rows = await t.db.prisma.runItem.findMany({ where: { runId } })
  return final(rows)
}

test('subscribers that are cut off at random and resume from their cursor end with the final state', async () => {
  const { id } = await startRun(t.services, t.scope, { experimentId })
  let seed = 7
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  const follow = async () => {
    const items = new Map<number, ListedRunItem>()
    let cursor: string | null = null
    for (let cuts = 0; ; ) {
      const abort = new AbortController()
      let left = cuts < 40 ? 1 + Math.floor(random() * 4) : Infinity
      for await (const batch of await t.feeds.subscribe(t.scope, id, cursor, abort.signal)) {
        for (const item of batch.items) items.set(item.ordinal, item)
        expect(positionOf(batch.cursor)).toBeGreaterThanOrEqual(cursor === null ? 0 : positionOf(cursor))
        cursor = batch.cursor
        if (batch.done) return { items, run: batch.run, cuts }
        left -= 1
        if (left <= 0) {
          abort.abort()
          cuts += 1
          break
        }
      }
    }
  }
  const followers = await Promise.all([follow(), follow(), follow()])
  const expected = await stored(id)
  expect(expected).toHaveLength(size)
  for (const { items, run, cuts } of followers) {
    expect(final(items.values())).toEqual(expected)
    expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 879, failed: 440, queued: 0, running: 0 })
    expect(cuts).toBeGreaterThan(5)
  }
  const late = await followRun(t, id)
  expect(final(late.items.values())).toEqual(expected)
  const nothing = await followRun(t, id, late.cursor)
  expect(nothing.items.size).toBe(0)
  expect(t.feeds.subscribers).toBe(0)
})

test('a subscription ends with its signal while it waits', async () => {
  const datasetId = await seedDataset(t, [1])
  const idle = await seedExperiment(t, datasetId, { kind: 'module', name: 'uneven' })
  const { id } = await startRun(t.services, t.scope, { experimentId: idle })
  await followRun(t, id)
  await t.db.pool.query(`UPDATE run SET status = 'RUNNING' WHERE id = $1`, [id])
  const abort = new AbortController()
  const batches = await t.feeds.subscribe(t.scope, id, null, abort.signal)
  expect((await batches.next()).value).toMatchObject({ done: false })
  const waiting = batches.next()
  abort.abort()
  expect(await waiting).toEqual({ done: true, value: undefined })
  expect(t.feeds.subscribers).toBe(0)
})

test('cursors of another run and texts that are no cursors are refused', async () => {
  const [one, other] = await t.db.prisma.run.findMany({ take: 2 })
  const { id } = one as Run
  const subscribe = (after: string) => t.feeds.subscribe(t.scope, id, after, AbortSignal.timeout(30_000))
  const foreign = await t.feeds.cursorOf(other as Run)
  const decoded = Buffer.from(await t.feeds.cursorOf(one as Run), 'base64url').toString()
  const altered = Buffer.from(`${decoded}:1`).toString('base64url')
  for (const cursor of ['', 'x', '-1', '1', '99999999', foreign, altered]) {
    await expect(subscribe(cursor), cursor).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      path: ['after'],
      message: `Expected a cursor that this feed gave, got ${JSON.stringify(cursor)}; leave it out to start over.`,
    })
  }
})

test('a run of another project is not found', async () => {
  const { id } = await t.db.prisma.run.findFirstOrThrow({ where: { experimentId } })
  const other = await t.db.prisma.project.create({ data: { name: 'other' } })
  const subscribing = t.feeds.subscribe(await testScope(t.db, other.id), id, null, AbortSignal.timeout(30_000))
  await expect(subscribing).rejects.toThrow(/no such run/)
})

test('subscribers of one run each get what they ask for, at the same time', async () => {
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const outputs = async (leftOut: LeftOut) => {
    const shown = new Map<number, boolean>()
    for await (const batch of await t.feeds.subscribe(t.scope, id, null, AbortSignal.timeout(30_000), { leftOut }))
      for (const item of batch.items)
        if (item.status === 'SUCCEEDED') shown.set(item.ordinal, item.output !== undefined)
    return [...shown.values()]
  }
  const [whole, brief] = await Promise.all([
    outputs(nothingLeftOut),
    outputs({ columns: optionalColumns, scoreColumns: null }),
  ])
  expect(whole.length).toBe(brief.length)
  expect(new Set(whole)).toEqual(new Set([true]))
  expect(new Set(brief)).toEqual(new Set([false]))
})

test('the age of live changes is known, whatever the document leaves out', async () => {
  const lags: number[] = []
  const feeds = new RunFeeds(t.db, t.feeds.changes, (seconds) => lags.push(seconds))
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const leftOut = { columns: optionalColumns, scoreColumns: null }
  for await (const batch of await feeds.subscribe(t.scope, id, null, AbortSignal.timeout(30_000), { leftOut })) {
    for (const item of batch.items) expect(item).not.toHaveProperty('output')
  }
  expect(lags.length).toBeGreaterThan(0)
  expect(Math.max(...lags)).toBeLessThan(30)
})
