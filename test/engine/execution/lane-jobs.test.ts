import { expect, test } from 'vitest'
import { laneQueue } from '../../../src/db/queue.ts'
import { passOnLane } from '../../../src/engine/execution/lane-jobs.ts'
import { loadRunPlan } from '../../../src/engine/execution/run-plan.ts'
import { cancelRun } from '../../../src/engine/runs/cancel-run.ts'
import type { LaneJob } from '../../../src/engine/runs/lanes.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { inThisProcess } from '../../helpers/functions.ts'

test('a worker that lacks a function of a run passes the run on, however often', async () => {
  await using t = await createTestEngine({ tasks: [{ name: 'echo', run: (input) => input }] })
  const experimentId = await seedExperiment(t, await seedDataset(t, [1, 2, 3]), { kind: 'module', name: 'echo' })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const [job] = await t.services.boss.fetch<LaneJob>(laneQueue)
  if (!job) throw new Error('expected the lane of the run')
  const missing = async (services = t.services) => (await loadRunPlan(services, id))?.missingFunctions() ?? []
  const lacking = await missing({ ...t.services, functions: inThisProcess({}) })

  expect(await passOnLane(t.services, job, await missing())).toBe(false)
  expect(lacking).toEqual([{ kind: 'TASK', name: 'echo', wanted: 'test', has: null }])
  expect(await passOnLane(t.services, { ...job, data: { ...job.data, passed: 1_000 } }, lacking)).toBe(true)
  expect(await t.services.boss.fetch(laneQueue)).toEqual([])

  await t.startWorker()
  expect((await followRun(t, id)).run).toMatchObject({ status: 'COMPLETED', succeeded: 3, failed: 0 })
})

test('a lane of a finished run is not passed on', async () => {
  await using t = await createTestEngine()
  const experimentId = await seedExperiment(t, await seedDataset(t, [1]), { kind: 'module', name: 'unknown' })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const [job] = await t.services.boss.fetch<LaneJob>(laneQueue)
  if (!job) throw new Error('expected the lane of the run')
  await cancelRun(t.services, t.scope, id)

  expect(await passOnLane(t.services, job, [{ kind: 'TASK', name: 'unknown', wanted: null, has: null }])).toBe(true)
  const { rows } = await t.db.pool.query(`SELECT FROM pgboss.job WHERE data ->> 'runId' = $1 AND state < 'completed'`, [
    id,
  ])
  expect(rows).toEqual([])
})
