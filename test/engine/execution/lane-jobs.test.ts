import { expect, test } from 'vitest'
import { fetchLanes } from '../../../src/db/queue.ts'
import { returnLane } from '../../../src/engine/execution/lane-jobs.ts'
import { cancelRun } from '../../../src/engine/runs/cancel-run.ts'
import type { LaneJob } from '../../../src/engine/runs/lanes.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment } from '../../helpers/engine.ts'

async function startedRun() {
  const t = await createTestEngine({ tasks: [{ name: 'echo', run: (input) => input }] })
  const experimentId = await seedExperiment(t, await seedDataset(t, [1]), { kind: 'module', name: 'echo' })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const fetch = async (ignoredRuns: string[] = []) =>
    (await fetchLanes<LaneJob>(t.services.boss, { batchSize: 10, ignoredRuns }))[0]
  const lanes = async () => (await t.db.pool.query('SELECT FROM run_lane')).rowCount
  return { t, id, fetch, lanes, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() }
}

test('a lane that is returned is offered to all workers but those that leave its run to others', async () => {
  await using run = await startedRun()
  const job = await run.fetch()
  if (!job) throw new Error('expected the lane of the run')
  expect(await run.fetch()).toBeUndefined()

  await returnLane(run.t.services, job)
  expect(await run.fetch([run.id])).toBeUndefined()
  expect(await run.fetch()).toMatchObject({ data: job.data, priority: job.priority })
})

test('a lane of a finished run is not returned', async () => {
  await using run = await startedRun()
  const job = await run.fetch()
  if (!job) throw new Error('expected the lane of the run')
  await cancelRun(run.t.services, run.t.scope, run.id)

  await returnLane(run.t.services, job)
  expect(await run.fetch()).toBeUndefined()
  expect(await run.lanes()).toBe(0)
})

test('runs that have ended leave no lanes behind, whether a worker held them or found them in the queue', async () => {
  await using run = await startedRun()
  const { t } = run
  await cancelRun(t.services, t.scope, run.id)
  const experimentId = await seedExperiment(t, await seedDataset(t, [1, 2, 3]), { kind: 'module', name: 'echo' })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  expect(await run.lanes()).toBe(2)
  await t.startWorker()
  await followRun(t, id)
  await expect.poll(run.lanes).toBe(0)
})
