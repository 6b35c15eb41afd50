/** The events of the lists of runs are kept for some days, and cursors that would need older ones are refused. */
import { pino } from 'pino'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { RunEventPruning } from '../../src/feed/run-event-pruning.ts'
import type { RunsFeedBatch } from '../../src/feed/runs-feed.ts'
import { createTestEngine, seedDataset, type TestEngine } from '../helpers/engine.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { recordRun } from '../helpers/recorded-runs.ts'

let t: TestEngine

beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

async function events(): Promise<number> {
  const { rows } = await t.db.pool.query<{ count: number }>('SELECT count(*)::int AS count FROM run_event')
  return rows[0]?.count ?? Number.NaN
}

const insertEvents = (count: number, age: string) =>
  t.db.pool.query(
    `INSERT INTO run_event (project_id, dataset_id, run_id, created_at)
     SELECT $1, $1, $1, now() - $3::interval FROM generate_series(1, $2)`,
    [t.scope.projectId, count, age],
  )

const follow = (after: string | null) =>
  t.feeds.runs.subscribe(t.scope, { datasetId: null, after }, AbortSignal.timeout(30_000))

test('events older than 8 days are deleted, 1,000 at a time, and then looked for once an hour', async () => {
  await insertEvents(2_500, '8 days 1 hour')
  await insertEvents(3, '7 days 23 hours')
  const clock = new FakeClock()
  const pruning = new RunEventPruning({ db: t.db, log: pino({ level: 'silent' }), clock })
  onTestFinished(() => pruning.stop())
  const afterNext = async () => {
    await clock.next()
    await expect.poll(() => clock.timers).toHaveLength(1)
    return [await events(), Math.round((clock.timers[0] ?? 0) / 1_000)]
  }
  expect(clock.timers).toHaveLength(1)
  expect(await afterNext()).toEqual([1_503, 1])
  expect(await afterNext()).toEqual([503, 1])
  expect(await afterNext()).toEqual([3, 3_600])
  await insertEvents(1, '9 days')
  expect(await afterNext()).toEqual([3, 3_600])
  await pruning.stop()
  expect(clock.timers).toEqual([])
})

test('a cursor of less than 7 days is accepted, an older one has expired, also when its client only comes back late', async () => {
  const runId = await recordRun(t, await seedDataset(t, [0]), [])
  const { cursor } = (await (await follow(null)).next()).value as RunsFeedBatch
  await t.db.pool.query('UPDATE run SET seq = seq + 1 WHERE id = $1', [runId])
  const aged = (hours: number) =>
    Buffer.from(
      Buffer.from(cursor, 'base64url')
        .toString()
        .replace(/:(\d+)\./, (_, at) => `:${Number(at) - hours * 3_600}.`),
    ).toString('base64url')
  expect((await (await follow(aged(7 * 24 - 1))).next()).value).toMatchObject({ runs: [{ id: runId }] })
  const late = await follow(aged(7 * 24 + 1))
  await expect(late.next()).rejects.toMatchObject({ code: 'CURSOR_EXPIRED', path: ['after'] })
})
