/** What a subscriber learns of a run after its end: that it is retried, labelled and at last deleted. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deleteRun } from '../../src/engine/runs/delete-run.ts'
import { retryFailedItems } from '../../src/engine/runs/reopen-run.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { updateRun } from '../../src/engine/runs/update-run.ts'
import { setScore } from '../../src/engine/scores.ts'
import type { RunFeedBatch } from '../../src/feed/run-feed.ts'
import { createTestEngine, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'

let t: TestEngine
let failing = true
/** Items wait for it. */
let released = Promise.withResolvers<void>()

beforeAll(async () => {
  const run = async (input: number) => {
    await released.promise
    if (failing && input === 1) throw Object.assign(new Error('no'), { retryable: false })
    return input
  }
  t = await createTestEngine({ tasks: [{ name: 'sometimes', run }] })
  await t.startWorker()
})
afterAll(() => t[Symbol.asyncDispose]())

const anyTime = () => AbortSignal.timeout(30_000)

async function endedRun(): Promise<string> {
  failing = true
  released.resolve()
  const experimentId = await seedExperiment(t, await seedDataset(t, [1, 2]), { kind: 'module', name: 'sometimes' })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  for await (const _ of await t.feeds.subscribe(t.scope, id, null, anyTime())) {
    // Until it has ended.
  }
  failing = false
  return id
}

test('a feed without end goes on with retries, labels and settings, and ends with the deletion', async () => {
  const runId = await endedRun()
  const feed = await t.feeds.subscribe(t.scope, runId, null, anyTime(), { until: 'NEVER' })
  const until = async (condition: (batch: RunFeedBatch) => boolean) => {
    for (;;) {
      const { value, done } = await feed.next()
      if (done) throw new Error('the feed ended')
      if (condition(value)) return value as RunFeedBatch
    }
  }
  expect(await until(({ done }) => done)).toMatchObject({ run: { status: 'COMPLETED', failed: 1 } })
  released = Promise.withResolvers()
  await retryFailedItems(t.services, t.scope, runId)
  expect(await until(({ done }) => !done)).toMatchObject({ run: { failed: 0 } })
  released.resolve()
  expect(await until(({ done }) => done)).toMatchObject({ run: { status: 'COMPLETED', succeeded: 2 } })
  const score = { runId, name: 'good', source: 'HUMAN', dataType: 'BOOLEAN', value: 1 } as const
  await setScore(t.services, t.scope, { ...score, ordinal: 0 })
  expect(await until(({ items }) => items.length > 0)).toMatchObject({
    items: [{ ordinal: 0, listedScores: [{ value: 1 }] }],
  })
  await setScore(t.services, t.scope, { ...score, ordinal: null })
  expect(await until(() => true)).toMatchObject({ items: [], done: true })
  await updateRun(t.services, t.scope, { id: runId, priority: 7 })
  expect(await until(() => true)).toMatchObject({ items: [], run: { priority: 7 } })
  await deleteRun(t.services, t.scope, runId)
  expect(await until(() => true)).toMatchObject({ run: null, items: [], done: true })
  expect(await feed.next()).toEqual({ done: true, value: undefined })
})

test('who was away while the run was deleted learns it with the cursor', async () => {
  const runId = await endedRun()
  const { cursor } = (await (await t.feeds.subscribe(t.scope, runId, null, anyTime())).next()).value
  await deleteRun(t.services, t.scope, runId)
  const batches = await Array.fromAsync(await t.feeds.subscribe(t.scope, runId, cursor, anyTime(), { until: 'NEVER' }))
  expect(batches).toMatchObject([{ cursor, run: null, stats: null, items: [], changedOutside: 0, done: true }])
  await expect(t.feeds.subscribe(t.scope, runId, null, anyTime())).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a comparison without end goes on after the end of its runs, and ends with a deletion', async () => {
  const runId = await endedRun()
  const input = { baselineId: runId, candidateIds: [runId] }
  const feed = await t.comparisons.subscribe(t.scope, input, null, anyTime(), { until: 'NEVER' })
  expect((await feed.next()).value).toMatchObject({ done: true, runs: [{ id: runId }, { id: runId }] })
  const score = { runId, name: 'good', source: 'HUMAN', dataType: 'BOOLEAN', value: 1 } as const
  await setScore(t.services, t.scope, { ...score, ordinal: 1 })
  expect((await feed.next()).value).toMatchObject({ done: true, rows: [{ cells: [{ scores: [{ value: 1 }] }, {}] }] })
  await deleteRun(t.services, t.scope, runId)
  expect((await feed.next()).value).toMatchObject({ runs: [], rows: [], metrics: [], done: true })
  expect(await feed.next()).toEqual({ done: true, value: undefined })
})
