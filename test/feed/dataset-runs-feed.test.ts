import { afterAll, beforeAll, expect, test } from 'vitest'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { datasetRuns } from '../../src/feed/dataset-runs-feed.ts'
import { createTestEngine, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'

let t: TestEngine

beforeAll(async () => {
  t = await createTestEngine({ tasks: [{ name: 'echo', run: (input) => input }] })
})
afterAll(() => t[Symbol.asyncDispose]())

test('a run is told of when it is started, also when no worker takes it', async () => {
  const datasetId = await seedDataset(t, [1, 2, 3])
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'echo' })
  const told: string[] = []
  // Null, which the slow poll tells, does not count.
  const off = t.feeds.changes.on((runId) => runId !== null && told.push(runId))
  const watching = new AbortController()
  const runs = datasetRuns(t.db, t.feeds.changes, t.scope, datasetId, watching.signal)
  const next = runs.next()
  const { id } = await startRun(t.services, t.scope, { experimentId })
  await expect.poll(() => told).toEqual([id])
  expect((await next).value).toMatchObject({ id, status: 'QUEUED', total: 3, queued: 3 })
  off()
  watching.abort()
  expect(await runs.next()).toMatchObject({ done: true })
})
