import { afterAll, beforeAll, expect, test } from 'vitest'
import { laneQueue } from '../../../src/db/queue.ts'
import type { Json } from '../../../src/domain/json/json.ts'
import { openLane } from '../../../src/engine/execution/open-lane.ts'
import { Reconciler } from '../../../src/engine/execution/reconciler.ts'
import type { LaneJob } from '../../../src/engine/runs/lanes.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../../helpers/engine.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'

let t: TestEngine
let open = Promise.withResolvers<void>()

beforeAll(async () => {
  t = await createTestEngine({
    tasks: [
      {
        name: 'gated',
        run: async (input: Json) => {
          await open.promise
          return input
        },
      },
    ],
  })
})
afterAll(() => t[Symbol.asyncDispose]())

async function start(items: number): Promise<string> {
  open = Promise.withResolvers()
  const datasetId = await seedDataset(
    t,
    Array.from({ length: items }, (_, n) => n),
  )
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'gated' }, { concurrency: 3 })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  return id
}

async function makeOlder(runId: string) {
  await t.db.pool.query(`UPDATE run SET created_at = now() - interval '1 minute' WHERE id = $1`, [runId])
}

async function repairs(): Promise<number> {
  const { values } = await t.services.metrics.runsRepaired.get()
  return values[0]?.value ?? 0
}

test('a run whose worker holds its lane and claims nothing gets another lane, and the metric counts it', async () => {
  let sinceLastCheck = 0
  const reconciler = new Reconciler(t.services, new FakeClock(() => sinceLastCheck))
  const id = await start(8)
  const [job] = await t.services.boss.fetch<LaneJob>(laneQueue)
  if (!job) throw new Error('expected the job of a lane')
  expect(await openLane(t.services, job.data)).not.toBeNull()
  await makeOlder(id)
  expect(await reconciler.check()).toEqual([])
  sinceLastCheck = 14_000
  expect(await reconciler.check()).toEqual([])
  sinceLastCheck = 1_000
  expect(await reconciler.check()).toEqual([id])
  expect(await repairs()).toBe(1)
  expect(await reconciler.check()).toEqual([])

  open.resolve()
  await t.startWorker()
  const { run } = await followRun(t, id)
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 8 })
})

test('a run that lost its lanes is repaired', async () => {
  const reconciler = new Reconciler(t.services)
  const id = await start(8)
  await expect.poll(async () => (await t.db.prisma.run.findUniqueOrThrow({ where: { id } })).running).toBe(3)
  await t.db.pool.query(`DELETE FROM pgboss.job WHERE data ->> 'runId' = $1`, [id])
  await t.db.pool.query(`UPDATE run_lane SET lease = nextval('lease_seq') WHERE run_id = $1`, [id])
  expect(await reconciler.check()).toEqual([])
  await makeOlder(id)
  expect(await reconciler.check()).toEqual([id])
  expect(await repairs()).toBe(2)
  open.resolve()
  const { run } = await followRun(t, id)
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 8 })
})

test('a run is left alone while its items are executing', async () => {
  const reconciler = new Reconciler(t.services, new FakeClock(() => 20_000))
  const id = await start(8)
  await makeOlder(id)
  await expect.poll(async () => (await t.db.prisma.run.findUniqueOrThrow({ where: { id } })).running).toBe(3)
  for (let checks = 0; checks < 3; checks++) expect(await reconciler.check()).toEqual([])
  open.resolve()
  await followRun(t, id)
  expect(await reconciler.check()).toEqual([])
})
