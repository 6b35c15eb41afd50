/** Subscribers that are sent the rows that they show, or none, and are told of the rest as a number. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { setScore } from '../../src/engine/scores.ts'
import type { FeedWindow } from '../../src/feed/window.ts'
import { createTestEngine, seedDataset, type TestEngine } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { recordStatements } from '../helpers/statements.ts'

let t: TestEngine
let datasetId: string
const size = 30

beforeAll(async () => {
  t = await createTestEngine()
  datasetId = await seedDataset(t, [...Array(size).keys()])
})
afterAll(() => t[Symbol.asyncDispose]())

/** A run that executes for as long as the test likes; every item was executed twice. */
function record(status: 'RUNNING' | 'COMPLETED' = 'RUNNING') {
  const executions = [...Array(size).keys()].flatMap((item) => [0, 1].map((repetition) => ({ item, repetition })))
  return recordRun(t, datasetId, executions, { status, repetitions: 2 })
}

const label = (runId: string, ordinal: number) =>
  setScore(t.services, t.scope, { runId, ordinal, name: 'good', source: 'HUMAN', dataType: 'BOOLEAN', value: 1 })

const anyTime = () => AbortSignal.timeout(30_000)

test.each<[string, FeedWindow<number>]>([
  ['positions', { positions: { from: 2, to: 4 } }],
  ['listed items', { items: [4, 5, 6, 7, 8, 9] }],
])('a window of %s gets its own rows, each once for each change, and the number of the others', async (_, window) => {
  const runId = await record()
  const feed = await t.feeds.subscribe(t.scope, runId, null, anyTime(), { window })
  const next = async () => {
    const { items, changedOutside } = (await feed.next()).value
    return { ordinals: items.map(({ ordinal }: { ordinal: number }) => ordinal).sort(), changedOutside }
  }
  expect(await next()).toEqual({ ordinals: [4, 5, 6, 7, 8, 9], changedOutside: 54 })
  await label(runId, 5)
  expect(await next()).toEqual({ ordinals: [5], changedOutside: 0 })
  await label(runId, 3)
  expect(await next()).toEqual({ ordinals: [], changedOutside: 1 })
  await Promise.all([9, 10, 11].map((ordinal) => label(runId, ordinal)))
  let seen = { ordinals: [] as number[], changedOutside: 0 }
  while (seen.changedOutside < 2 || seen.ordinals.length < 1) {
    const { ordinals, changedOutside } = await next()
    seen = { ordinals: [...seen.ordinals, ...ordinals], changedOutside: seen.changedOutside + changedOutside }
  }
  expect(seen).toEqual({ ordinals: [9], changedOutside: 2 })
  await feed.return(undefined)
})

test('a comparison has a window of its rows', async () => {
  const [baselineId, candidate] = [await record('COMPLETED'), await record()]
  const schedule = await t.db.prisma.runItem.findMany({ where: { runId: candidate }, orderBy: { ordinal: 'asc' } })
  const itemAt = (position: number) => String(schedule[position * 2]?.itemId)
  const windows: FeedWindow<string>[] = [{ positions: { from: 1, to: 2 } }, { items: [itemAt(1), itemAt(2)] }]
  const input = { baselineId, candidateIds: [candidate] }
  const feeds = await Promise.all(
    windows.map((window) => t.comparisons.subscribe(t.scope, input, null, anyTime(), { window, without: ['metrics'] })),
  )
  const next = async () => {
    const batches = await Promise.all(feeds.map((feed) => feed.next()))
    return batches.map(({ value }) => ({
      rows: value.rows.map((row: { itemId: string }) => row.itemId).sort(),
      changedOutside: value.changedOutside,
    }))
  }
  const first = { rows: [itemAt(1), itemAt(2)].sort(), changedOutside: size - 2 }
  expect(await next()).toEqual([first, first])
  await label(candidate, 5)
  expect(await next()).toEqual(feeds.map(() => ({ rows: [itemAt(2)], changedOutside: 0 })))
  await label(candidate, 1)
  expect(await next()).toEqual(feeds.map(() => ({ rows: [], changedOutside: 1 })))
  await Promise.all(feeds.map((feed) => feed.return(undefined)))
})

test.each<FeedWindow<number>>([
  { positions: { from: -1, to: 3 } },
  { positions: { from: 4, to: 3 } },
  { positions: { from: 0, to: 500 } },
  { items: [...Array(501).keys()] },
])('an impossible window is refused', async (window) => {
  const runId = await record()
  const path = ['window', Object.keys(window)[0]]
  await expect(t.feeds.subscribe(t.scope, runId, null, anyTime(), { window })).rejects.toMatchObject({ path })
})

test('who asks for no items has none read, and is told of progress all the same', async () => {
  const runId = await record()
  const [batches, statements] = await recordStatements(async () => {
    const feed = await t.feeds.subscribe(t.scope, runId, null, anyTime(), { without: ['items', 'changedOutside'] })
    const batches = [(await feed.next()).value]
    await t.db.pool.query('UPDATE run SET seq = seq + 1, succeeded = succeeded - 1, running = 1 WHERE id = $1', [runId])
    batches.push((await feed.next()).value)
    await feed.return(undefined)
    return batches
  })
  expect(batches.map(({ run, items }) => [run.succeeded, run.running, items])).toEqual([
    [60, 0, []],
    [59, 1, []],
  ])
  expect(statements.join()).toMatch(/FROM.* run r/)
  expect(statements.filter((statement) => /\brun_item\b|\b(run_)?score(_\w+)?\b/.test(statement))).toEqual([])
})

test('who asks a comparison for neither rows nor metrics has no item read', async () => {
  const input = { baselineId: await record('COMPLETED'), candidateIds: [await record('COMPLETED')] }
  const [batch, statements] = await recordStatements(async () => {
    const without = ['rows', 'metrics', 'changedOutside'] as const
    return (await (await t.comparisons.subscribe(t.scope, input, null, anyTime(), { without })).next()).value
  })
  expect(batch).toMatchObject({ rows: [], metrics: null, done: true })
  expect(batch.runs).toHaveLength(2)
  expect(statements.filter((statement) => /run_item|FROM score /.test(statement))).toEqual([])
})
