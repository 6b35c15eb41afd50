/** Listed rows that changed, or by the size of a change: as the same rows are found among all. */
import { expect, test } from 'vitest'
import { loadComparisonPage, type RowOrder } from '../../../src/db/sql/comparison/load-page.ts'
import type { CellChange, MetricOfRuns, RowFilter } from '../../../src/db/sql/comparison/row-filter.ts'
import { seededRandom } from '../../../src/domain/statistics/seeded-random.ts'
import { valuesOf } from '../../../src/engine/comparison/compared-metrics.ts'
import { openComparison } from '../../../src/engine/comparison/comparison.ts'
import { comparedRuns } from '../../../src/engine/comparison/rows.ts'
import { setScore } from '../../../src/engine/scores.ts'
import { createTestEngine, seedDataset } from '../../helpers/engine.ts'
import { type RecordedExecution, recordRun } from '../../helpers/recorded-runs.ts'

const items = Array.from({ length: 60 }, (_, n) => n)
const changes: CellChange[] = ['IMPROVED', 'REGRESSED', 'CHANGED', 'UNCHANGED', 'MISSING']
const orders = ['REGRESSION', 'IMPROVEMENT', 'CHANGE'] as const

test('listed rows by their change are those among all rows', async () => {
  await using t = await createTestEngine()
  const random = seededRandom(12)
  const oneOf = <T>(...values: T[]) => values[Math.floor(random() * values.length)] as T
  const datasetId = await seedDataset(t, items)
  const execution = (item: number, repetition: number): RecordedExecution => {
    const common = { item, repetition, latencyMs: oneOf(100, 200, null), costUsd: oneOf(0.1, 0.2, null) }
    if (random() < 0.2) return { ...common, status: 'FAILED', error: 'no answer' }
    return { ...common, scores: { quality: oneOf<number | null>(0, 0.5, 1, null), kind: oneOf('a', 'b') } }
  }
  const record = (repetitions: number) =>
    recordRun(
      t,
      datasetId,
      items
        .filter(() => random() < 0.9)
        .flatMap((item) => Array.from({ length: repetitions }, (_, repetition) => execution(item, repetition))),
      { repetitions, policies: { quality: 'WORST' }, ranges: { quality: [0, 1] } },
    )
  const runIds = [await record(1), await record(2), await record(1)]
  for (const runId of runIds) {
    for (let ordinal = 0; ordinal < 40; ordinal += 1) {
      const given = { runId, ordinal, source: 'HUMAN', dataType: 'CATEGORICAL' } as const
      await setScore(t.services, t.scope, { ...given, name: 'by people', label: oneOf('x', 'y') })
    }
  }
  const [baselineId = '', ...candidateIds] = runIds
  const comparison = await openComparison(t.db, t.scope, { baselineId, candidateIds })
  const read = async (filter: RowFilter, order: RowOrder) => {
    const page = { limit: 100, backward: false, after: null, before: null }
    return (await loadComparisonPage(t.db.pool, comparedRuns(comparison), filter, order, page)).rows
  }
  const { rows } = await t.db.pool.query<{ id: string }>('SELECT id::text FROM dataset_item ORDER BY id')
  const itemIds = rows.map(({ id }) => id).filter(() => random() < 0.4)
  let found = 0
  expect(comparison.metrics.map((one) => valuesOf(one).kind)).toEqual(
    expect.arrayContaining(['SCORE', 'LABEL', 'LATENCY', 'COST', 'FAILED']),
  )
  for (const one of comparison.metrics) {
    const metric: MetricOfRuns = {
      ...{ values: valuesOf(one), rules: one.lackingRules, direction: one.direction, candidates: [2, 3] },
    }
    for (const is of changes) {
      const filter: RowFilter = { change: { is, metric } }
      for (const order of [{ field: 'SCHEDULE' } as const, ...orders.map((field) => ({ field, metric }))]) {
        const all = await read(filter, order)
        const listed = await read({ ...filter, itemIds }, order)
        expect(listed, `${JSON.stringify(metric.values)} ${is} ${order.field}`).toEqual(
          all.filter(({ itemId }) => itemIds.includes(itemId)),
        )
        found += listed.length
      }
    }
  }
  expect(found).toBeGreaterThan(300)
})
