import { afterAll, beforeAll, expect, test } from 'vitest'
import { compareMetrics } from '../../../src/engine/comparison/compare-metrics.ts'
import { openComparison } from '../../../src/engine/comparison/comparison.ts'
import { ComparisonSequences } from '../../../src/engine/comparison/sequences.ts'
import { updateDataset } from '../../../src/engine/datasets/datasets.ts'

import { createTestEngine, seedDataset, type TestEngine } from '../../helpers/engine.ts'
import { recordRun } from '../../helpers/recorded-runs.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

const items = Array.from({ length: 60 }, (_, index) => index)
/** Twelve passages of five questions each, all of which change alike. */
const passageOf = (item: number) => Math.floor(item / 5)

test('the items of a passage count together, where the dataset or the comparison names the path', async () => {
  const datasetId = await seedDataset(t, items, { metadata: (item) => ({ passage: passageOf(item) }) })
  const run = (better: boolean) =>
    recordRun(
      t,
      datasetId,
      items.map((item) => ({ item, scores: { correct: better ? passageOf(item) < 9 : passageOf(item) < 5 } })),
    )
  const [baselineId, candidateId] = [await run(false), await run(true)]
  const compared = async (clusterPath?: string[]) => {
    const comparison = await openComparison(t.db, t.scope, { baselineId, candidateIds: [candidateId], clusterPath })
    const [correct] = await compareMetrics(t.db, new ComparisonSequences(t.db), comparison)
    return correct
  }
  expect(await compared()).toMatchObject({
    method: 'EXACT_MCNEMAR',
    verdict: 'IMPROVED',
    clusters: null,
    sequencePairs: 60,
  })
  const clustered = { method: 'CLUSTER_SIGN_FLIP', verdict: 'INCONCLUSIVE', pValue: 2 ** -3, delta: 1 / 3 }
  expect(await compared(['passage'])).toMatchObject({
    ...clustered,
    clusters: { count: 12, icc: 1 },
    sequencePairs: 12,
    onTheseItems: { verdict: 'IMPROVED' },
  })
  await updateDataset(t.services, t.scope, { id: datasetId, clusterPath: ['passage'] })
  expect(await compared()).toMatchObject(clustered)
  expect(await compared([])).toMatchObject({ method: 'EXACT_MCNEMAR', clusters: null })
})

test('a path that is none is refused', async () => {
  const datasetId = await seedDataset(t, items, { metadata: (item) => ({ passage: passageOf(item) }) })
  const path = Array.from({ length: 21 }, String)
  await expect(updateDataset(t.services, t.scope, { id: datasetId, clusterPath: path })).rejects.toThrow(
    'Expected a path of 1 to 20 names of at most 200 characters, got 21.',
  )
})
