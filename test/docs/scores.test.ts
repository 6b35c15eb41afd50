/** Follows docs/scores.md literally. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import { blocksOf, executed } from '../helpers/documented.ts'
import { seedDataset } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

test('the operations on the page work', async () => {
  const datasetId = await seedDataset(t, [1, 2, 3], {
    tags: (n) => (n === 0 ? ['hard'] : []),
    metadata: (n) => ({ customer: { country: n < 2 ? 'FR' : 'IN' } }),
  })
  const runId = await recordRun(
    t,
    datasetId,
    [0, 1, 2].map((item) => ({ item, latencyMs: 10, scores: { helpful: item + 1 } })),
  )
  const [query = '', mutation = '', ...others] = blocksOf('docs/scores.md', 'graphql')
  expect(others).toEqual([])
  const { run } = await executed(t, query, { 'id of the run': encodeGlobalId('Run', runId) })
  expect(run.stats).toMatchObject({
    distribution: { count: 3, p50: 2, histogram: [1, 2, 3].map((value) => ({ from: value, to: value, count: 1 })) },
    byTag: [
      { value: null, total: 2, scores: [{ name: 'helpful', mean: 2.5 }] },
      { value: 'hard', total: 1, scores: [{ name: 'helpful', mean: 1 }] },
    ],
    byMetadata: [
      { value: 'FR', total: 2, latencyMs: { p50: 10 }, costUsd: null },
      { value: 'IN', total: 1 },
    ],
  })
  expect((await executed(t, mutation)).setScoreConfig.scoreConfig.id).toBeTruthy()
})
