import { expect, test } from 'vitest'
import { type LaneJob, laneQueue } from '../../../src/db/queue.ts'
import { passOnLane } from '../../../src/engine/execution/pass-on-lane.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment } from '../../helpers/engine.ts'

test('a worker that lacks a function of a run leaves it to one that has it, but not for ever', async () => {
  await using t = await createTestEngine({ tasks: [{ name: 'echo', run: (input) => input }] })
  const experimentId = await seedExperiment(t, await seedDataset(t, [1, 2, 3]), { kind: 'module', name: 'echo' })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const [job] = await t.services.boss.fetch<LaneJob>(laneQueue)
  if (!job) throw new Error('expected the lane of the run')
  const lacking = { ...t.services, modules: { tasks: new Map(), evaluators: new Map() } }

  expect(await passOnLane(t.services, job)).toBe(false)
  expect(await passOnLane(lacking, { ...job, data: { ...job.data, passed: 20 } })).toBe(false)
  expect(await passOnLane(lacking, job)).toBe(true)
  expect(await t.services.boss.fetch(laneQueue)).toEqual([])

  await t.startWorker()
  expect((await followRun(t, id)).run).toMatchObject({ status: 'COMPLETED', succeeded: 3, failed: 0 })
})
